using System.Diagnostics;
using ResourceBorrowing;

namespace Storefront.Guards;

/// <summary>
/// When to borrow, and when to give back before the term is over. This is the sample's own policy; the library grants,
/// refuses and settles.
/// </summary>
/// <remarks>
/// Who runs out of units first has those called back that it lent itself: its borrowers return early, and units they still use
/// follow as their requests end. Only who has lent nothing borrows, from whoever can spare most.
/// </remarks>
internal sealed class LoanDesk(ResourcePool pool)
{
    private const int MostUnitsPerLoan = 4;

    // What a lender keeps free, so that its own next callers need not call anything back.
    private const int Kept = 1;

    private static readonly TimeSpan Term = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan ShortestStay = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Cooldown = TimeSpan.FromMilliseconds(5);

    // A lender that had to call back is left alone for a while, or the same units would go to and fro.
    private static readonly TimeSpan LenderRest = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly List<Entry> _open = [];
    private readonly Dictionary<Participant, Account> _accounts =
        pool.Participants.Append(pool.Reserve).ToDictionary(static p => p, static _ => new Account());

    internal LoanCounts CountsOf(Participant participant)
    {
        lock (_lock) return _accounts[participant].Counts;
    }

    /// <summary>A caller of this participant found no unit free.</summary>
    internal void Help(Participant participant)
    {
        lock (_lock)
        {
            Forget();
            var account = _accounts[participant];
            if (CallBack(participant, account)) return;
            if (participant.Debt == 0 && account.IsRestingUntil <= Stopwatch.GetTimestamp()) Borrow(participant, account);
        }
    }

    /// <summary>A request of this participant has ended: it may have more units now than it needs.</summary>
    internal void ReturnSpare(Participant participant)
    {
        if (participant.Borrowed == 0 || participant.Waiting > 0) return;
        lock (_lock)
        {
            var spare = _open.FirstOrDefault(e =>
                e.Borrower == participant && Stopwatch.GetElapsedTime(e.Since) >= ShortestStay && participant.Available > e.Units);
            if (spare is null || !End(spare)) return;
            _accounts[participant].Counts.ReturnedEarly++;
        }
    }

    private void Borrow(Participant borrower, Account account)
    {
        var now = Stopwatch.GetTimestamp();
        var lender = _accounts.Where(a => a.Key != borrower && a.Value.LendsAgainAt <= now).Select(static a => a.Key).MaxBy(Spare);
        var units = Math.Min(Math.Min(1 + borrower.Waiting, MostUnitsPerLoan), lender is null ? 0 : Spare(lender));
        if (units > 0)
        {
            var loan = borrower.TryBorrow(lender!, units, Term);
            if (loan.IsGranted)
            {
                _open.Add(new Entry(loan, lender!, borrower, units, now));
                account.Counts.Taken++;
                _accounts[lender!].Counts.Granted++;
                return;
            }
        }

        account.Counts.Refused++;
        account.IsRestingUntil = now + Ticks(Cooldown);
    }

    /// <returns>False when it has nothing lent that could be called back.</returns>
    private bool CallBack(Participant lender, Account account)
    {
        if (_open.FirstOrDefault(e => e.Lender == lender) is not { } loan || !End(loan)) return false;
        account.Counts.CalledBack++;
        account.LendsAgainAt = Stopwatch.GetTimestamp() + Ticks(LenderRest);
        return true;
    }

    /// <returns>False when the term was over first.</returns>
    private bool End(Entry entry)
    {
        var isActive = entry.Loan.IsActive;
        entry.Loan.Dispose();
        _open.Remove(entry);
        if (!isActive) _accounts[entry.Borrower].Counts.Expired++;
        return isActive;
    }

    private void Forget()
    {
        for (var i = _open.Count - 1; i >= 0; i--)
            if (!_open[i].Loan.IsActive) End(_open[i]);
    }

    private static int Spare(Participant lender) => Math.Min(lender.Lendable, lender.Available - Kept);

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private sealed record Entry(Loan Loan, Participant Lender, Participant Borrower, int Units, long Since);

    private sealed class Account
    {
        internal long IsRestingUntil { get; set; }

        internal long LendsAgainAt { get; set; }

        internal LoanCounts Counts;
    }
}
