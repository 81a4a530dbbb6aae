using Microsoft.Extensions.Logging;
using ResourceBorrowing.Diagnostics;

namespace ResourceBorrowing.DependencyInjection;

/// <summary>Keeps a pool's state in a file: loaded once, saved now and then and at the end, always as a whole.</summary>
/// <remarks>What goes wrong is logged and contained: a host does not go down because a disk is full.</remarks>
internal sealed class StateKeeper(ResourcePool pool, string path, TimeSpan period, TimeProvider time, ILogger logger) : IDisposable
{
    private const string NewSuffix = ".new";
    private const string RefusedSuffix = ".refused";

    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _saving = new();
    private Task _running = Task.CompletedTask;

    internal void Start()
    {
        Load();
        _running = RunAsync();
    }

    internal async Task StopAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        Save();
        Dispose();
    }

    public void Dispose()
    {
        // After it was stopped there is nothing left to stop.
        if (!_stopped.IsCancellationRequested) _stopped.Cancel();
        _stopped.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token).ConfigureAwait(false)) Save();
        }
        catch (OperationCanceledException)
        {
            // The host is going down.
        }
    }

    private void Load()
    {
        try
        {
            if (!File.Exists(path)) return;
            using (var file = File.OpenRead(path)) pool.LoadState(file);
            PoolLog.StateLoaded(logger, path);
        }
        catch (InvalidDataException exception)
        {
            // Whatever it is, it is not ours to overwrite.
            SetAside();
            PoolLog.StateRefused(logger, path, path + RefusedSuffix, exception.Message);
        }
        catch (Exception exception)
        {
            pool.Contain("state file", exception);
        }
    }

    private void SetAside()
    {
        try
        {
            File.Move(path, path + RefusedSuffix, overwrite: true);
        }
        catch (Exception exception)
        {
            pool.Contain("state file", exception);
        }
    }

    /// <summary>Into a new file first, which then takes the place of the old one: whoever is killed meanwhile leaves one that is whole.</summary>
    private void Save()
    {
        lock (_saving)
        {
            try
            {
                if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
                using (var file = new FileStream(path + NewSuffix, FileMode.Create, FileAccess.Write))
                {
                    pool.SaveState(file);
                    file.Flush(flushToDisk: true);
                }

                File.Move(path + NewSuffix, path, overwrite: true);
            }
            catch (Exception exception)
            {
                pool.Contain("state file", exception);
            }
        }
    }
}
