using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>What a figure depends on beside the code.</summary>
internal static class RunHeader
{
    internal static IEnumerable<string> Lines()
    {
        yield return $"commit {Commit()}";
        yield return $"cpu {Cpu()}";
        yield return $"cores {Environment.ProcessorCount}, pinnable {Cores.Allowed.Count}";
        yield return $"gc {(GCSettings.IsServerGC ? "server" : "workstation")}, {GCSettings.LatencyMode}";
        yield return $"runtime {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
        yield return Pace.Describe();
    }

    /// <summary>The build writes the commit behind the library's version.</summary>
    private static string Commit()
    {
        var version = typeof(ResourcePool).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return version?.Split('+') is [_, var commit, ..] ? commit : "unknown";
    }

    private static string Cpu()
    {
        const string file = "/proc/cpuinfo";
        if (!File.Exists(file)) return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var model = File.ReadLines(file).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal));
        return model?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
