using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Permits;

/// <summary>Padding that keeps a contended word alone: 120 bytes each side, because processors fetch lines in pairs.</summary>
[InlineArray(Longs)]
internal struct CacheLinePadding
{
    internal const int Longs = 15;
    private long _first;
}

/// <summary>A 64-bit word that shares its cache lines with nothing.</summary>
internal struct PaddedWord
{
#pragma warning disable CS0169, IDE0051 // The padding is there to be unused.
    private CacheLinePadding _before;
    internal long Bits;

    /// <summary>Written seldom and read beside the word, so it stands on its line.</summary>
    internal int Mark;
    private CacheLinePadding _after;
#pragma warning restore CS0169, IDE0051
}
