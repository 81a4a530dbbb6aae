using System.Numerics;
using System.Runtime.InteropServices;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>The cores this process may use, and pinning the current thread to one of them. Linux only.</summary>
internal static partial class Cores
{
    private const int MaskWords = 16;
    private const int WordBits = 64;

    /// <summary>Empty where threads cannot be pinned.</summary>
    internal static IReadOnlyList<int> Allowed { get; } = Find();

    internal static bool TryPin(int core)
    {
        Span<ulong> mask = stackalloc ulong[MaskWords];
        mask[core / WordBits] = 1UL << (core % WordBits);
        return SetAffinity(0, MaskWords * sizeof(ulong), in mask[0]) == 0;
    }

    private static List<int> Find()
    {
        var cores = new List<int>();
        if (!OperatingSystem.IsLinux()) return cores;
        Span<ulong> mask = stackalloc ulong[MaskWords];
        if (GetAffinity(0, MaskWords * sizeof(ulong), ref mask[0]) < 0) return cores;
        for (var word = 0; word < MaskWords; word++)
        {
            for (var bits = mask[word]; bits != 0; bits &= bits - 1)
                cores.Add(word * WordBits + BitOperations.TrailingZeroCount(bits));
        }

        return cores;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, in ulong mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint size, ref ulong mask);
}
