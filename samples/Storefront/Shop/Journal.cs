using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Storefront.Shop;

/// <summary>The shop's journal on disk: an event is committed when its pages have been flushed to the device.</summary>
/// <remarks>
/// Group commit: one thread writes everything that has arrived, page after page, each flushed before the next, then
/// answers all callers of the batch. So a caller waits for the device, almost without CPU, and twice as many callers at once are
/// twice the commits: what limits the shop is how many may wait at once, which is what a unit stands for. A batch is as many
/// flushed pages as fit into <see cref="CommitTime"/>, so that it means the same on a fast disk, a slow one and a busy one.
/// </remarks>
internal sealed class Journal : IDisposable
{
    private const int PageSize = 4096;
    private const int Pages = 64;
    private const int MostFlushes = 1024;

    private readonly BlockingCollection<Entry> _entries = [];
    private readonly SafeFileHandle _file;
    private readonly byte[] _page = new byte[PageSize];
    private readonly Thread _writer;
    private long _position;
    private long _slowest;

    internal Journal()
    {
        // Beside the program rather than in the temporary folder, which is often memory and would make flushing free.
        var path = Path.Combine(AppContext.BaseDirectory, $"journal-{Environment.ProcessId}.tmp");
        _file = File.OpenHandle(
            path, FileMode.Create, FileAccess.ReadWrite, FileShare.Delete, preallocationSize: PageSize * Pages);
        // It lives until it is closed; whatever ends the process, nothing is left behind.
        File.Delete(path);
        for (var page = 0; page < Pages; page++) RandomAccess.Write(_file, _page, page * PageSize);
        RandomAccess.FlushToDisk(_file);
        (FlushTime, CpuPart) = TimeFlushes();
        _writer = new Thread(Write) { IsBackground = true, Name = "journal" };
        _writer.Start();
    }

    /// <summary>For how long a batch is written: a page is always, another one while this has not passed.</summary>
    internal static TimeSpan CommitTime { get; } = TimeSpan.FromMilliseconds(30);

    /// <summary>What one flushed page took when the journal was opened.</summary>
    internal TimeSpan FlushTime { get; }

    /// <summary>The part of one processor that the writer needs while it writes without a break.</summary>
    internal double CpuPart { get; }

    /// <summary>Completes when the event is on the device.</summary>
    internal Task CommitAsync(ReadOnlyMemory<byte> content)
    {
        var entry = new Entry(content);
        _entries.Add(entry);
        return entry.Committed.Task;
    }

    /// <summary>The longest commit since this was last asked: far above <see cref="CommitTime"/>, the disk stood still.</summary>
    internal TimeSpan TakeSlowest() => Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _slowest, 0));

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
                FlushAll(batch);
                foreach (var entry in batch) entry.Committed.SetResult();
            }
            catch (IOException exception)
            {
                foreach (var entry in batch) entry.Committed.SetException(exception);
            }

            batch.Clear();
        }
    }

    private void FlushAll(List<Entry> batch)
    {
        var began = Stopwatch.GetTimestamp();
        var flushes = 0;
        do FlushPage(batch[flushes % batch.Count].Content.Span);
        while (++flushes < MostFlushes && Stopwatch.GetElapsedTime(began) < CommitTime);
        _slowest = Math.Max(_slowest, Stopwatch.GetTimestamp() - began);
    }

    private void FlushPage(ReadOnlySpan<byte> content)
    {
        content[..Math.Min(content.Length, PageSize)].CopyTo(_page);
        RandomAccess.Write(_file, _page, _position % Pages * PageSize);
        RandomAccess.FlushToDisk(_file);
        _position++;
    }

    private (TimeSpan FlushTime, double CpuPart) TimeFlushes()
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        var flushes = 0;
        while (flushes < 3 || Stopwatch.GetElapsedTime(began) < TimeSpan.FromMilliseconds(300))
        {
            FlushPage([1, 2, 3]);
            flushes++;
        }

        var passed = Stopwatch.GetElapsedTime(began);
        return (passed / flushes, (Environment.CpuUsage.TotalTime - cpu) / passed);
    }

    private sealed record Entry(ReadOnlyMemory<byte> Content)
    {
        internal TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
