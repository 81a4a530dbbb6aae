using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Asks one participant, which wants to be asked, for the loans that plans would have it make; each is made when it says yes, and no plan waits for that.</summary>
/// <remarks><b>Ownership.</b> The plan reads and asks; whoever asks owns it until the answer. One question at a time: what the next would be depends on the answer.</remarks>
internal sealed class PlanConsent
{
    private const long Never = -1;

    private bool _isAsked;
    private long _refusedAt = Never;

    /// <summary>Not while it is being asked, nor until some time after it said no.</summary>
    internal bool CanBeAsked(long now, long pause) =>
        !Volatile.Read(ref _isAsked) && (Volatile.Read(ref _refusedAt) is var refusedAt && (refusedAt == Never || now - refusedAt >= pause));

    /// <returns>False when it is being asked already.</returns>
    internal bool TryAsk(Participant lender, Participant borrower, int units)
    {
        if (Interlocked.Exchange(ref _isAsked, true)) return false;
        _ = AskAsync(lender, borrower, units);
        return true;
    }

    private async Task AskAsync(Participant lender, Participant borrower, int units)
    {
        var pool = lender.Pool;
        try
        {
            var agrees = await ConsentCallback.AskAsync(lender, borrower, new LoanRequest(units) { Lender = lender }, TimerWheel.Never, CancellationToken.None).ConfigureAwait(false);
            Volatile.Write(ref _refusedAt, agrees ? Never : pool.Now);
            if (agrees && pool.LendByPlan(lender, borrower, units, isAgreed: true).IsGranted) pool.Balancer!.Count(units);
        }
        catch (Exception exception)
        {
            if (!pool.IsDisposed) pool.Contain("consent", exception);
        }
        finally
        {
            Volatile.Write(ref _isAsked, false);
        }
    }
}
