using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Storefront.Load;

/// <summary>The load generator as the first process sees it: this same program, started once more.</summary>
internal sealed class LoadProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly Task<string> _complaints;

    private LoadProcess(Process process)
    {
        _process = process;
        _complaints = process.StandardError.ReadToEndAsync();
    }

    internal static LoadProcess Start()
    {
        var program = Environment.ProcessPath ?? throw new LoadFailedException("the program's own path is not known");
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add(LoadCommand.Name);
        try
        {
            return new LoadProcess(Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            throw new LoadFailedException($"it could not be started: {exception.Message}");
        }
    }

    /// <exception cref="LoadFailedException">It ended, made no sense, or got no answer.</exception>
    internal async Task<LoadReport> RunAsync(LoadOrder order, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(order.Rates.Length * order.StepSeconds) + Patience);
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order).AsMemory(), limit.Token);
            await _process.StandardInput.FlushAsync(limit.Token);
            var line = await _process.StandardOutput.ReadLineAsync(limit.Token) ?? throw await EndedAsync(cancellationToken);
            var report = JsonSerializer.Deserialize<LoadReport>(line)!;
            if (report.Sent > 0 && report.Failed == report.Sent) throw new LoadFailedException($"no request was answered: {report.FirstFailure}");
            return report;
        }
        catch (IOException)
        {
            throw await EndedAsync(cancellationToken);
        }
        catch (JsonException exception)
        {
            throw new LoadFailedException($"its report cannot be read: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LoadFailedException($"it did not report within {Patience.TotalSeconds:F0} s after its time");
        }
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It has ended before.
        }

        _process.Dispose();
    }

    private async Task<Exception> EndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        var complaints = (await _complaints).Trim();
        return new LoadFailedException($"it ended with exit code {_process.ExitCode}{(complaints.Length == 0 ? "" : $": {complaints}")}");
    }
}
