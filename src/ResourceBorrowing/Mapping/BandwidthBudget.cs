using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Mapping;

/// <summary>Bytes and operations per second that a participant's units bring, for streams and HTTP clients that share them; both follow the allocation.</summary>
/// <remarks>
/// It uses as many of the participant's units as the recent rate amounts to, gives way to a recall at once, and has units borrowed while somebody waits. Thread-safe. Dispose it to give its
/// units back: what waits then, and later, fails.
/// </remarks>
public sealed class BandwidthBudget : IResourceMapper, IDisposable
{
    private const int LargestChunk = 1 << 16;

    // At full rate a chunk takes a quarter of what may be saved up.
    private const int ChunksPerBurst = 4;

    private readonly Participant _participant;
    private readonly RateBucket _bucket;
    private readonly TimeSpan _burst;

    /// <param name="participant">Whose units bring the bandwidth.</param>
    /// <param name="options">How much.</param>
    /// <exception cref="ArgumentException">An option is wrong; the message names it.</exception>
    /// <exception cref="InvalidOperationException">Neither the options nor the pool say how many bytes a unit brings.</exception>
    public BandwidthBudget(Participant participant, BandwidthOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(participant);
        options ??= new BandwidthOptions();
        options.ThrowIfWrong();
        var (bytes, operations) = (options.BytesPerUnit, options.OperationsPerUnit);
        if (bytes is null && !(participant.UnitAmounts.NetworkBytesPerSecond > 0))
            throw new InvalidOperationException($"'{participant.Name}' has no bandwidth per unit: set {nameof(BandwidthOptions)}.{nameof(BandwidthOptions.BytesPerUnit)}, or {nameof(ResourcePoolOptions)}.{nameof(ResourcePoolOptions.Unit)}.{nameof(ResourceUnitOptions.NetworkBytesPerSecond)} and its needs.");
        (_participant, _burst) = (participant, options.Burst);
        _bucket = new RateBucket(participant, RatesOf, options.Burst, isFull: false);

        Rates RatesOf(ResourceAmounts unit)
        {
            var perSecond = operations ?? unit.IoOperationsPerSecond;
            return new(bytes ?? unit.NetworkBytesPerSecond, perSecond > 0 ? perSecond : double.PositiveInfinity);
        }
    }

    /// <summary>Bytes per second that its units bring when it uses them all.</summary>
    public double BytesPerSecond => _bucket.PerUnit.First * _participant.Allocation;

    /// <summary>
    /// A stream that reads and writes at this bandwidth. Large reads and writes are moved in chunks, so a read may return less than was asked for. Asynchronous calls do not block,
    /// synchronous ones do, and neither waits busily. As thread-safe as the stream beneath.
    /// </summary>
    /// <param name="stream">What to read from and write to.</param>
    /// <param name="leaveOpen">Whether it stays open when the throttled one is disposed. Default false.</param>
    public Stream Throttle(Stream stream, bool leaveOpen = false) => new ThrottledStream(stream, this, leaveOpen);

    /// <summary>Bytes that somebody waits to move.</summary>
    internal double Queued => _bucket.Queued;

    /// <summary>How many bytes to move at once, of so many.</summary>
    internal int ChunkOf(int bytes) =>
        (int)Math.Clamp(BytesPerSecond * _burst.TotalSeconds / ChunksPerBurst, 1, Math.Min(bytes, LargestChunk));

    /// <summary>Waits until so many bytes may be moved, in one operation.</summary>
    /// <exception cref="IOException">The participant has left the pool.</exception>
    /// <exception cref="ObjectDisposedException">The budget or the pool has been disposed.</exception>
    internal ValueTask DrawAsync(int bytes, CancellationToken cancellationToken)
    {
        var wait = _bucket.DrawAsync(new Rates(bytes, 1), cancellationToken);
        if (!wait.IsCompletedSuccessfully) return AwaitAsync(wait);
        ThrowIfNot(wait.Result);
        return default;
    }

    /// <summary>Bytes that were drawn and not moved.</summary>
    internal void Return(int bytes)
    {
        if (bytes > 0) _bucket.Correct(new Rates(-bytes, 0));
    }

    /// <summary>Nothing to do: the rate is that of the units held.</summary>
    void IResourceMapper.OnAllocationChanged(Participant participant, int allocation)
    {
    }

    /// <summary>Gives all units back; what waits fails.</summary>
    public void Dispose() => _bucket.Dispose();

    private async ValueTask AwaitAsync(ValueTask<WaitOutcome> wait) => ThrowIfNot(await wait.ConfigureAwait(false));

    private void ThrowIfNot(WaitOutcome outcome)
    {
        if (outcome == WaitOutcome.Removed) throw new IOException($"'{_participant.Name}' has left the pool.");
        ObjectDisposedException.ThrowIf(outcome != WaitOutcome.Granted, this);
    }
}
