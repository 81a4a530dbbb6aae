using System.Runtime.CompilerServices;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>The least that any lock-free counter must do: one compare-and-swap up, one down. Enforces nothing.</summary>
internal sealed class RawPair
{
    private PaddedWord _word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AcquireRelease(int units)
    {
        Change(units);
        Change(-units);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Change(int units)
    {
        long seen;
        do seen = Volatile.Read(ref _word.Bits);
        while (Interlocked.CompareExchange(ref _word.Bits, seen + units, seen) != seen);
    }
}
