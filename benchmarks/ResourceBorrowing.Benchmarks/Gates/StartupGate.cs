namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// A fresh process that adds and builds a pool of 1,000 participants and takes one lease, against one that reads one options class from
/// an otherwise empty container: whole processes, as their parent sees them.
/// </summary>
internal sealed class StartupGate(double most) : Gate("startup/participants=1000", Bound.AtMost(most))
{
    /// <summary>The hidden command of the child processes.</summary>
    internal const string Child = "startup-child";

    private const int Runs = 5;

    internal override Reading Measure()
    {
        double ours = double.MaxValue, theirs = double.MaxValue;
        Start(StartupChild.Pool);
        Start(StartupChild.Options);
        for (var run = 0; run < Runs; run++)
        {
            ours = Math.Min(ours, Start(StartupChild.Pool));
            theirs = Math.Min(theirs, Start(StartupChild.Options));
        }

        return new Reading(ours / theirs, $"{ours:F1} ms / {theirs:F1} ms");
    }

    /// <returns>Milliseconds from start to exit.</returns>
    private static double Start(string variant)
    {
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. Self(), Child, variant]))!;
        process.WaitForExit();
        var elapsed = Stopwatch.GetElapsedTime(began);
        return process.ExitCode == 0 ? elapsed.TotalMilliseconds : throw new InvalidOperationException($"'{Child} {variant}' exited with {process.ExitCode}.");
    }

    // Started as "dotnet X.dll", the process is dotnet's and the library has to be named.
    private static string[] Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(StartupGate).Assembly.Location] : [];
}
