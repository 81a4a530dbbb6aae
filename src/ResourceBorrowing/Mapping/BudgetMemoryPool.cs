using System.Buffers;

namespace ResourceBorrowing.Mapping;

/// <summary>Rents the shared buffers of the runtime and reserves, for each, its whole length.</summary>
internal sealed class BudgetMemoryPool(MemoryBudget budget) : MemoryPool<byte>
{
    private const int DefaultLength = 4096;

    public override int MaxBufferSize => Array.MaxLength;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize == -1) minBufferSize = DefaultLength;
        ArgumentOutOfRangeException.ThrowIfNegative(minBufferSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MaxBufferSize);
        // Rented first, for only then is its length known; given back when the budget has not so much.
        var buffer = ArrayPool<byte>.Shared.Rent(minBufferSize);
        MemoryReservation? reservation = null;
        try
        {
            reservation = budget.TryReserve(buffer.Length);
            if (!reservation.IsAcquired) throw new InsufficientMemoryException(reservation.Explanation);
            return new Buffer(buffer, reservation);
        }
        finally
        {
            if (reservation is not { IsAcquired: true }) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Buffer(byte[] buffer, MemoryReservation reservation) : IMemoryOwner<byte>
    {
        private byte[]? _buffer = buffer;

        public Memory<byte> Memory => _buffer ?? throw new ObjectDisposedException(nameof(Buffer));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _buffer, null) is not { } rented) return;
            ArrayPool<byte>.Shared.Return(rented);
            reservation.Dispose();
        }
    }
}
