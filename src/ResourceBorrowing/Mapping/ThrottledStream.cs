namespace ResourceBorrowing.Mapping;

/// <summary>A stream that moves bytes, in both directions, no faster than a <see cref="BandwidthBudget"/> allows. Made by <see cref="BandwidthBudget.Throttle"/>.</summary>
/// <remarks>
/// Large reads and writes are moved in chunks; a read may so return less than was asked for, as reads may. Nobody waits busily: what waits, waits for a timer. Asynchronous calls do not
/// block; synchronous ones do. As thread-safe as the stream beneath it. Bytes are paid for before they are moved; those that were not moved are returned.
/// </remarks>
internal sealed class ThrottledStream : Stream
{
    private readonly Stream _stream;
    private readonly BandwidthBudget _budget;
    private readonly bool _leaveOpen;

    internal ThrottledStream(Stream stream, BandwidthBudget budget, bool leaveOpen)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (_stream, _budget, _leaveOpen) = (stream, budget, leaveOpen);
    }

    /// <inheritdoc/>
    public override bool CanRead => _stream.CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => _stream.CanSeek;

    /// <inheritdoc/>
    public override bool CanWrite => _stream.CanWrite;

    /// <inheritdoc/>
    public override bool CanTimeout => _stream.CanTimeout;

    /// <inheritdoc/>
    public override long Length => _stream.Length;

    /// <inheritdoc/>
    public override long Position { get => _stream.Position; set => _stream.Position = value; }

    /// <inheritdoc/>
    public override int ReadTimeout { get => _stream.ReadTimeout; set => _stream.ReadTimeout = value; }

    /// <inheritdoc/>
    public override int WriteTimeout { get => _stream.WriteTimeout; set => _stream.WriteTimeout = value; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return _stream.Read(buffer);
        var chunk = _budget.ChunkOf(buffer.Length);
        Wait(_budget.DrawAsync(chunk, CancellationToken.None));
        var read = 0;
        try
        {
            return read = _stream.Read(buffer[..chunk]);
        }
        finally
        {
            _budget.Return(chunk - read);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return await _stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        var chunk = _budget.ChunkOf(buffer.Length);
        await _budget.DrawAsync(chunk, cancellationToken).ConfigureAwait(false);
        var read = 0;
        try
        {
            return read = await _stream.ReadAsync(buffer[..chunk], cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _budget.Return(chunk - read);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var chunk = _budget.ChunkOf(buffer.Length);
            Wait(_budget.DrawAsync(chunk, CancellationToken.None));
            _stream.Write(buffer[..chunk]);
            buffer = buffer[chunk..];
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var chunk = _budget.ChunkOf(buffer.Length);
            await _budget.DrawAsync(chunk, cancellationToken).ConfigureAwait(false);
            await _stream.WriteAsync(buffer[..chunk], cancellationToken).ConfigureAwait(false);
            buffer = buffer[chunk..];
        }
    }

    /// <inheritdoc/>
    public override void Flush() => _stream.Flush();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => _stream.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => _stream.Seek(offset, origin);

    /// <inheritdoc/>
    public override void SetLength(long value) => _stream.SetLength(value);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_leaveOpen) await _stream.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_leaveOpen) _stream.Dispose();
        base.Dispose(disposing);
    }

    private static void Wait(ValueTask task)
    {
        if (task.IsCompletedSuccessfully) return;
        task.AsTask().GetAwaiter().GetResult();
    }
}
