using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Storefront.Shop;

/// <summary>The shop's journal on disk: an event is committed when its pages have been flushed to the device.</summary>
/// <remarks>
/// Group commit: one thread writes everything that has arrived, page after page, each flushed before the next, then
/// answers all callers of the batch. So a caller waits for the device, almost without CPU, and twice the callers are
/// twice the commits: what limits the shop is how many may wait at once, which is what a unit stands for.
/// </remarks>
internal sealed class Journal : IDisposable
{
    private const int PageSize = 4096;
    private const int Pages = 64;
    private const int MostFlushes = 256;
    private static readonly TimeSpan WantedCommit = TimeSpan.FromMilliseconds(20);

    private readonly BlockingCollection<Entry> _entries = [];
    private readonly SafeFileHandle _file;
    private readonly byte[] _page = new byte[PageSize];
    private readonly Thread _writer;
    private long _position;

    internal Journal()
    {
        // Beside the program rather than in the temporary folder, which is often memory and would make flushing free.
        var path = Path.Combine(AppContext.BaseDirectory, $"journal-{Environment.ProcessId}.tmp");
        _file = File.OpenHandle(
            path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose, preallocationSize: PageSize * Pages);
        for (var page = 0; page < Pages; page++) RandomAccess.Write(_file, _page, page * PageSize);
        RandomAccess.FlushToDisk(_file);
        FlushTime = TimeFlushes();
        FlushesPerCommit = Math.Clamp((int)Math.Round(WantedCommit / FlushTime), 1, MostFlushes);
        _writer = new Thread(Write) { IsBackground = true, Name = "journal" };
        _writer.Start();
    }

    /// <summary>What one flushed page costs on this machine.</summary>
    internal TimeSpan FlushTime { get; }

    /// <summary>Pages flushed for each commit: as many as make it last about as long on any machine.</summary>
    internal int FlushesPerCommit { get; }

    /// <summary>Completes when the event is on the device.</summary>
    internal Task CommitAsync(ReadOnlyMemory<byte> content)
    {
        var entry = new Entry(content);
        _entries.Add(entry);
        return entry.Committed.Task;
    }

    public void Dispose()
    {
        _entries.CompleteAdding();
        _writer.Join();
        _file.Dispose();
        _entries.Dispose();
    }

    private void Write()
    {
        var batch = new List<Entry>();
        while (_entries.TryTake(out var first, Timeout.Infinite))
        {
            batch.Add(first);
            while (_entries.TryTake(out var next)) batch.Add(next);
            try
            {
                for (var flush = 0; flush < FlushesPerCommit; flush++) FlushPage(batch[flush % batch.Count].Content.Span);
                foreach (var entry in batch) entry.Committed.SetResult();
            }
            catch (IOException exception)
            {
                foreach (var entry in batch) entry.Committed.SetException(exception);
            }

            batch.Clear();
        }
    }

    private void FlushPage(ReadOnlySpan<byte> content)
    {
        content[..Math.Min(content.Length, PageSize)].CopyTo(_page);
        RandomAccess.Write(_file, _page, _position % Pages * PageSize);
        RandomAccess.FlushToDisk(_file);
        _position++;
    }

    private TimeSpan TimeFlushes()
    {
        var began = Stopwatch.GetTimestamp();
        var flushes = 0;
        while (flushes < 3 || Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(300))
        {
            FlushPage([1, 2, 3]);
            flushes++;
        }

        return Stopwatch.GetElapsedTime(began) / flushes;
    }

    private sealed record Entry(ReadOnlyMemory<byte> Content)
    {
        internal TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
