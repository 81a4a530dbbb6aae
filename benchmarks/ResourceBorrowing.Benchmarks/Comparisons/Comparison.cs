using BenchmarkDotNet.Running;

namespace ResourceBorrowing.Benchmarks.Comparisons;

/// <summary>The default command: BenchmarkDotNet's own, over the classes of this folder.</summary>
internal static class Comparison
{
    internal static int Run(string[] args)
    {
        BenchmarkSwitcher.FromAssembly(typeof(Comparison).Assembly).Run(args);
        return 0;
    }
}
