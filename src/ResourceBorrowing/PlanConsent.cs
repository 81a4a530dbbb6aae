using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Asks one participant, which wants to be asked, for the loans that plans would have it make. No plan waits for the answer: what it agrees to is lent by the next plan that still wants it.</summary>
/// <remarks><b>Ownership.</b> The plan asks, and reads the answer once there is one; in between it belongs to the question. One question at a time, and none while the callback still runs.</remarks>
internal sealed class PlanConsent
{
    // The question, and the callback: an answer may be given up before the callback ends.
    private const int Both = 2;

    private int _open;
    private long _refusedAt = TimerWheel.Never;
    private int _agreed;

    /// <summary>For whom it is being asked, or was at last; null before the first time.</summary>
    internal Participant? Borrower { get; private set; }

    internal bool IsAsked => Volatile.Read(ref _open) > 0;

    /// <summary>Units that it has agreed to lend to <see cref="Borrower"/>.</summary>
    internal int Agreed => IsAsked ? 0 : _agreed;

    /// <summary>Whether it would lend now, or may be asked: not while it is being asked, nor until some time after it said no.</summary>
    internal bool IsOpen(long now, long pause) => !IsAsked && (_refusedAt == TimerWheel.Never || now - _refusedAt >= pause);

    /// <summary>For who may ask: asks, and the answer is to be seen later.</summary>
    internal void Ask(Participant lender, Participant borrower, int units)
    {
        (_agreed, Borrower) = (0, borrower);
        Volatile.Write(ref _open, Both);
        _ = AskAsync(lender, borrower, units);
    }

    /// <summary>An agreement is used up, or nobody wants it any more.</summary>
    internal void Forget() => _agreed = 0;

    /// <summary>It said no, or its yes was worth nothing.</summary>
    internal void Refuse(long now) => (_agreed, _refusedAt) = (0, now);

    private async Task AskAsync(Participant lender, Participant borrower, int units)
    {
        var pool = lender.Pool;
        try
        {
            var request = new LoanRequest(units) { Lender = lender };
            if (await ConsentCallback.AskAsync(lender, borrower, request, TimerWheel.Never, EndPart, CancellationToken.None).ConfigureAwait(false)) (_agreed, _refusedAt) = (units, TimerWheel.Never);
            else Refuse(pool.Now);
        }
        catch (Exception exception)
        {
            Refuse(pool.Now);
            if (!pool.IsDisposed) pool.Contain("consent", exception);
        }
        finally
        {
            EndPart();
        }
    }

    private void EndPart() => Interlocked.Decrement(ref _open);
}
