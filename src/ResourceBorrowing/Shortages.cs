using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing;

/// <summary>What the pool does for callers that find no unit: it has those back that their participant lent, and borrows what is still missing.</summary>
/// <remarks>Thread-safe; runs outside all locks. A quiet pool never comes here.</remarks>
internal sealed class Shortages(ResourcePool pool, LoanBook book)
{
    private const int MostOnStack = 128;

    // Units that came for a caller may be taken by another before it has them.
    private const int MostAttempts = 4;

    /// <summary>Tries to make a caller's units free who need not stand in the queue; takes them if it can.</summary>
    internal bool TryRelieve(Participant participant, int units)
    {
        var account = participant.Account;
        if (account.Rules.MinimumIdle > 0) account.ShortAt = book.Clock.NowOrLast();
        if (account.Lent == 0 && !CanBorrow(participant)) return false;
        pool.Reputations.LookAgain(participant.Standing);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var word = account.Cell.Read();
            if (!word.IsQuiet) return false;
            var missing = units - word.Free;
            if (missing > 0 && !TryFind(participant, missing) && !HasMoved(account, word)) return false;
            if (account.Cell.TryAcquireSlow(units)) return true;
        }

        return false;
    }

    /// <summary>Callers wait: units their participant lent are recalled, those in use too.</summary>
    internal void RecallFor(Participant participant)
    {
        var account = participant.Account;
        if (account.Rules.MinimumIdle > 0) account.ShortAt = book.Clock.NowOrLast();
        if (account.Lent == 0) return;
        // In the order in which a unit goes the other way, so that none counts twice: it is on its way, is here, is a caller's.
        var waiting = participant.Waiting;
        var free = account.Cell.Read().Free;
        var missing = waiting - free - account.Incoming;
        if (missing > 0) Recall(participant, missing, onlyFree: false, isForCallers: true);
    }

    /// <summary>Recalls up to <paramref name="units"/> for a lender: where units are free first, then by lower priority, lower reputation, younger loan.</summary>
    internal int Recall(Participant lender, int units, bool onlyFree, bool isForCallers)
    {
        var now = book.Clock.NowOrLast();
        var recalled = Recall(lender, units, isFree: true, isForCallers, now);
        if (!onlyFree && recalled < units) recalled += Recall(lender, units - recalled, isFree: false, isForCallers, now);
        if (recalled > 0)
        {
            pool.Arm(book.NextLook);
            pool.Metrics.Recalled(recalled, lender.Name);
        }

        return recalled;
    }

    /// <summary>Recalls a part of all that is out, loans of lower priority and of borrowers of lower reputation first, younger ones before older.</summary>
    internal void RecallRiskiest(double part)
    {
        var now = book.Clock.NowOrLast();
        var groups = pool.AllWithReserve.SelectMany(static p => p.Account.Harm.Groups).Where(static g => g.LiveUnits > 0 && g.Conditions.IsRecallable).ToList();
        groups.Sort(static (one, other) => ComesBefore(one, other) ? -1 : ComesBefore(other, one) ? 1 : 0);
        var left = (int)Math.Ceiling(part * groups.Sum(static g => (long)g.LiveUnits));
        foreach (var group in groups)
        {
            if (left <= 0) break;
            var attention = new AttentionList();
            var recalled = group.Borrower.Home.Recall(group, left, long.MinValue, onlyFree: false, isForCallers: false, now, ref attention);
            attention.Run(book);
            left -= recalled;
            if (recalled > 0) pool.Metrics.Recalled(recalled, group.Lender.Name);
        }

        pool.Arm(book.NextLook);
    }

    /// <summary>What others could borrow of it, if what lies idle there of others went back to its owners; not less than what can be had.</summary>
    /// <param name="account">Whose units.</param>
    /// <param name="wanting">Who would borrow: what it has lent itself does not count; null for anybody.</param>
    /// <param name="now">The time.</param>
    internal static long BorrowableFrom(Allocation account, Allocation? wanting, long now)
    {
        if (account.Cell.Read() is not { IsQuiet: true, Free: var free and > 0 }) return 0;
        var onDemand = account.OnDemandUnits;
        if (onDemand > 0 && wanting is { Lent: > 0 })
        {
            foreach (var group in wanting.Harm.Groups)
                if (group.Borrower == account && group.Conditions.IsOnDemand) onDemand -= group.LiveUnits;
        }

        return account.LendableAt(now, isForCallers: true) + Math.Min(free, Math.Max(0, onDemand));
    }

    /// <summary>Whether units have come or gone since: what another caller here is having back is neither lent nor here while it is on its way.</summary>
    private static bool HasMoved(Allocation account, PermitWord since)
    {
        if (account.Cell.Read() != since) return true;
        foreach (var group in account.Harm.Groups)
            if (group.Units > group.LiveUnits) group.Borrower.Home.Pass();
        return account.Cell.Read() != since;
    }

    private bool IsBorrowable(Participant wanting, int units, long now)
    {
        long most = 0;
        foreach (var other in pool.AllWithReserve)
        {
            if (other == wanting) continue;
            most += BorrowableFrom(other.Account, wanting.Account, now);
            if (most >= units) return true;
        }

        return false;
    }

    /// <summary>Units that it lent, that a recall would have back at once, and that lie free at their borrowers: as many as are asked for, or fewer.</summary>
    private static int FreeRecallable(Participant lender, int most, long now)
    {
        var free = 0;
        var groups = lender.Account.Harm.Groups;
        for (var i = 0; i < groups.Length && free < most; i++)
        {
            if (groups[i].LiveUnits == 0) continue;
            // All groups of one borrower share what it has free: they are counted together, with the first of them.
            var (borrower, units, isFirst) = (groups[i].Borrower, 0, true);
            for (var j = 0; j < groups.Length && isFirst; j++)
            {
                if (groups[j].Borrower != borrower || groups[j].LiveUnits == 0) continue;
                if (j < i) isFirst = false;
                else units += borrower.Home.RecallableAt(groups[j], now);
            }

            if (isFirst) free += Math.Min(units, Math.Max(0, borrower.Cell.Read().Free));
        }

        return Math.Min(free, most);
    }

    /// <summary>Units that others borrowed on demand and do not use go back to their owners, if that makes room for as many as are missing.</summary>
    internal bool TryReturnIdle(Participant wanting, int units)
    {
        var now = book.Clock.NowOrLast();
        if (!IsBorrowable(wanting, units, now)) return false;
        var found = 0;
        foreach (var other in pool.AllWithReserve)
        {
            if (other == wanting) continue;
            var account = other.Account;
            found += account.LendableAt(now, isForCallers: true);
            if (found >= units) break;
            while (found < units && account.OnDemandUnits > 0 && account.Cell.Read() is { IsQuiet: true, Free: > 0 })
            {
                var attention = new AttentionList();
                var part = account.Home.ReturnIdle(account, wanting.Account, units - found, now, ref attention);
                attention.Run(book);
                if (part == 0) break;
                found += part;
            }
        }

        return found >= units;
    }

    internal static bool CanBorrow(Participant participant) =>
        participant.Options.BorrowOnDemand && participant.Account is { Debt: 0 } account && account.BorrowingLimit > account.Borrowed;

    /// <summary>Free units that were lent come first, for they are its own; the rest is borrowed.</summary>
    /// <returns>Whether another look at what is free is worth it: all that was missing has come, or a part.</returns>
    private bool TryFind(Participant participant, int missing)
    {
        var own = participant.Lent == 0 ? 0 : FreeRecallable(participant, missing, book.Clock.NowOrLast());
        var loan = default(Loan);
        // Where nobody has anything to lend, those that wait are told first when somebody has.
        if (own < missing && pool.Wants.IsDry) return false;
        if (own < missing && !pool.TryBorrowMissing(participant, missing - own, out loan)) return false;
        var recalled = own == 0 ? 0 : Recall(participant, own, onlyFree: true, isForCallers: true);
        if (recalled == own) return true;
        // What lay free has been taken meanwhile, by a caller there, by the loan itself, or by another caller that is short here. Of two such callers that each
        // have a part, the later one finds both.
        loan.Dispose();
        return recalled > 0;
    }

    private int Recall(Participant lender, int units, bool isFree, bool isForCallers, long now)
    {
        var groups = lender.Account.Harm.Groups;
        var isTried = groups.Length <= MostOnStack ? stackalloc bool[groups.Length] : new bool[groups.Length];
        isTried.Clear();
        var recalled = 0;
        while (recalled < units)
        {
            var (victim, notBefore) = (-1, long.MinValue);
            for (var i = 0; i < groups.Length; i++)
            {
                if (isTried[i] || groups[i].LiveUnits == 0 || !groups[i].Conditions.IsRecallable) continue;
                if (isFree && groups[i].Borrower.Cell.Read().Free <= 0) continue;
                var (next, last) = victim < 0 || ComesBefore(groups[i], groups[victim]) ? (i, victim) : (victim, i);
                // Between equals it is a matter of single loans: no older one goes before the youngest of another.
                if (last >= 0 && IsEqual(groups[next], groups[last])) notBefore = Math.Max(notBefore, groups[last].LentAt);
                else if (next != victim) notBefore = long.MinValue;
                victim = next;
            }

            if (victim < 0) break;
            var attention = new AttentionList();
            var part = groups[victim].Borrower.Home.Recall(groups[victim], units - recalled, notBefore, isFree, isForCallers, now, ref attention);
            attention.Run(book);
            recalled += part;
            isTried[victim] = part == 0;
        }

        return recalled;
    }

    private static bool IsEqual(LoanGroup one, LoanGroup other) => one.Conditions.Priority == other.Conditions.Priority && one.Borrower.Score == other.Borrower.Score;

    private static bool ComesBefore(LoanGroup one, LoanGroup other)
    {
        if (one.Conditions.Priority != other.Conditions.Priority) return one.Conditions.Priority < other.Conditions.Priority;
        if (one.Borrower.Score != other.Borrower.Score) return one.Borrower.Score < other.Borrower.Score;
        return one.LentAt > other.LentAt;
    }
}
