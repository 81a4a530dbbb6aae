using System.Runtime.CompilerServices;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Benchmarks.Rivals;

/// <summary>The least that a loan must do: debit and credit when it is made, debit and credit when it is returned.</summary>
internal sealed class FourInterlocked
{
    private PaddedWord _first, _second, _third, _fourth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Run()
    {
        Interlocked.Add(ref _first.Bits, -1);
        Interlocked.Add(ref _second.Bits, 1);
        Interlocked.Add(ref _third.Bits, -1);
        Interlocked.Add(ref _fourth.Bits, 1);
    }
}
