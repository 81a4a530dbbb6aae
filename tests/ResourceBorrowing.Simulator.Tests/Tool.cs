using System.Diagnostics;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>The tool as a user runs it: a process of its own, in a country that writes numbers in another way.</summary>
internal static class Tool
{
    /// <param name="arguments">What is typed behind its name.</param>
    /// <param name="folder">Where; anywhere when there is none.</param>
    internal static async Task<(int Exit, string Output, string Errors)> RunAsync(string arguments, TemporaryFolder? folder = null)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", $"\"{typeof(TraceSet).Assembly.Location}\" {arguments}")
        {
            WorkingDirectory = folder?.Path ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "de_DE.UTF-8" },
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
