namespace ResourceBorrowing.Tests.Model;

/// <summary>
/// A pool in plain numbers and lists, written from the protocol: one thing at a time, nobody waits, and everything that can
/// be computed is computed anew. Times in milliseconds.
/// </summary>
internal sealed class PoolModel
{
    private readonly List<ModelLoan> _loans = [];
    private readonly int _shards;
    private int _counter;

    /// <param name="capacity">All units.</param>
    /// <param name="shards">Over how many shards the pool spreads its borrowers.</param>
    /// <param name="participants">All but the reserve.</param>
    internal PoolModel(int capacity, int shards, params ModelParty[] participants)
    {
        (Capacity, _shards, Participants) = (capacity, shards, participants);
        Reserve = new ModelParty("(reserve)", 1) { Nominal = capacity - participants.Sum(static p => p.Nominal), GrantThreshold = 40 };
        foreach (var party in participants) Limit(party);
        Limit(Reserve);
    }

    internal int Capacity { get; }

    internal long Now { get; private set; }

    internal ModelParty[] Participants { get; }

    internal ModelParty Reserve { get; }

    internal long DefaultLimit { get; init; } = 60_000;

    internal long PlanningPeriod { get; init; } = 1_000;

    internal int OpenLoans => _loans.Count(static l => l.IsOpen);

    internal IEnumerable<ModelParty> All => Participants.Append(Reserve);

    internal int Lent(ModelParty party) => _loans.Where(l => l.Lender == party).Sum(static l => l.Left);

    internal int Borrowed(ModelParty party) => _loans.Where(l => l.Borrower == party).Sum(static l => l.Left);

    internal int Debt(ModelParty party) => DebtsOf(party).Sum(static l => l.Left);

    internal int Overdue(ModelParty party) =>
        DebtsOf(party).Where(static l => l.Phase is LoanPhase.Overdue or LoanPhase.Defaulted or LoanPhase.WrittenOff).Sum(static l => l.Left);

    internal int Incoming(ModelParty party) => _loans.Where(l => l.Lender == party && (l.IsOwed || l.Phase == LoanPhase.Recalled)).Sum(static l => l.Left);

    internal int Allocation(ModelParty party) => party.Nominal - Lent(party) + Borrowed(party);

    internal int Free(ModelParty party) => Allocation(party) - party.InUse;

    internal int Lendable(ModelParty party) =>
        Debt(party) > 0 ? 0 : Math.Max(0, Math.Min(Free(party) - Borrowed(party) - Held(party), party.LendingLimit - Lent(party)));

    /// <summary>Takes units if they are free; recalls for it what it lent and lies free, when that is enough.</summary>
    internal RefusalReason Acquire(ModelParty party, int units)
    {
        var missing = units - Free(party);
        if (Debt(party) > 0) return RefusalReason.NotAvailable;
        if (missing > 0 && FreeRecallable(party) >= missing) Recall(party, missing, onlyFree: true);
        if (Free(party) < units) return RefusalReason.NotAvailable;
        party.InUse += units;
        return RefusalReason.None;
    }

    internal void Release(ModelParty party, int units)
    {
        party.InUse -= units;
        PayAll();
    }

    internal RefusalReason Borrow(ModelParty borrower, ModelParty lender, int units, long term, LoanTerms terms, List<ModelLoan> made)
    {
        var reason = OfLender(borrower, lender, units, term);
        if (reason == RefusalReason.None) reason = OfBorrower(borrower, units);
        if (reason == RefusalReason.None) made.Add(Lend(borrower, lender, units, term, terms));
        return reason;
    }

    /// <summary>The reserve first, then whoever has most to spare, the better reputation among equals; all or nothing.</summary>
    internal RefusalReason BorrowFromAnyone(ModelParty borrower, int units, long term, LoanTerms terms, List<ModelLoan> made)
    {
        if (OfBorrower(borrower, units) is var own and not RefusalReason.None) return own;
        var willing = All.Where(l => l != borrower && borrower.Reputation >= l.GrantThreshold && term <= l.LongestTerm)
            .OrderByDescending(l => l == Reserve).ThenByDescending(Lendable).ThenByDescending(static l => l.Reputation).ToArray();
        if (willing.Sum(Lendable) < units) return RefusalReason.NotEnoughToLend;
        foreach (var lender in willing)
        {
            var part = Math.Min(units, Lendable(lender));
            if (part == 0) continue;
            made.Add(Lend(borrower, lender, part, term, terms));
            units -= part;
        }

        return RefusalReason.None;
    }

    /// <summary>Ends a loan, or a part of it, before its time.</summary>
    internal int Return(ModelLoan loan, int units)
    {
        if (!loan.IsLive || !_loans.Contains(loan)) return 0;
        var part = Split(loan, Math.Min(units, loan.Left));
        Owe(part, LoanPhase.Returning, Now);
        PayAll();
        return part.Units;
    }

    internal RefusalReason Renew(ModelLoan loan, long term)
    {
        if (!loan.IsLive || !_loans.Contains(loan)) return RefusalReason.LoanEnded;
        if (loan.Phase == LoanPhase.Recalled) return RefusalReason.LoanRecalled;
        var reason = OfRenewal(loan, term);
        if (reason == RefusalReason.None) BeginTerm(loan, Now, Math.Max(loan.Due, Now + term));
        return reason;
    }

    internal int Recall(ModelLoan loan, int units)
    {
        if (!_loans.Contains(loan) || EffectOfRecall(loan) is not { } effect) return 0;
        var part = Split(loan, Math.Min(units, loan.Left));
        (part.Phase, part.Due, part.WasRecalled, part.Turn) = (LoanPhase.Recalled, effect, true, Next());
        var recalled = part.Units;
        if (effect != Now) return recalled;
        ComeDue(part);
        PayAll();
        return recalled;
    }

    /// <summary>Units that are free and can be had at once come first, then lower priority, lower reputation, younger loans.</summary>
    internal int Recall(ModelParty lender, int units, bool onlyFree = false)
    {
        var recalled = 0;
        while (recalled < units && Victims(lender).FirstOrDefault(IsFreeNow) is { } victim)
            recalled += Recall(victim, Math.Min(units - recalled, Free(victim.Borrower)));
        while (!onlyFree && recalled < units && Victims(lender).FirstOrDefault() is { } victim)
            recalled += Recall(victim, units - recalled);
        return recalled;
    }

    /// <summary>Closes the record of an overdue loan, never the debt.</summary>
    internal bool WriteOff(ModelLoan loan)
    {
        if (!_loans.Contains(loan) || loan.Phase is not (LoanPhase.Overdue or LoanPhase.Defaulted)) return false;
        (loan.Phase, loan.Turn) = (LoanPhase.WrittenOff, null);
        return true;
    }

    /// <summary>Units pass from or to the reserve; what is in use or lent is owed.</summary>
    /// <returns>False when the reserve has not so many: then nothing changes.</returns>
    internal bool Requota(ModelParty party, int nominal)
    {
        if (Participants.Sum(static p => p.Nominal) - party.Nominal + nominal > Capacity) return false;
        if (nominal < party.Nominal) MoveOwnership(party, Reserve, party.Nominal - nominal);
        else if (nominal > party.Nominal) MoveOwnership(Reserve, party, nominal - party.Nominal);
        Limit(party);
        Limit(Reserve);
        return true;
    }

    /// <summary>Everything due happens in the order of its time, as of its time.</summary>
    internal void Advance(long milliseconds)
    {
        Now += milliseconds;
        Settle();
    }

    internal void Settle()
    {
        (long, int)? hold = null;
        while (_loans.Where(l => l.Turn is not null && l.Due <= Now).MinBy(l => (l.Due, l.Borrower.Index % _shards, l.Turn)) is { } loan)
        {
            // What one shard settles at one tick it settles in one go; whoever owes what came in pays afterwards.
            var next = (loan.Due, loan.Borrower.Index % _shards);
            if (hold == next)
            {
                ComeDue(loan);
                continue;
            }

            PayAll();
            hold = next;
        }

        PayAll();
    }

    internal bool Exists(ModelLoan loan) => _loans.Contains(loan);

    private int Next() => ++_counter;

    private IEnumerable<ModelLoan> DebtsOf(ModelParty party) => _loans.Where(l => l.Borrower == party && l.IsOwed).OrderBy(static l => l.OwedAs);

    private int Held(ModelParty party) => Math.Min(party.Nominal, party.Held.Sum(h => h.Until > Now ? h.Units : 0));

    private void Hold(ModelParty party, int units, long at) =>
        party.Held.Add((units, Math.Max(at + PlanningPeriod, party.Held.Select(static h => h.Until).LastOrDefault())));

    private RefusalReason OfLender(ModelParty borrower, ModelParty lender, int units, long term) =>
        Debt(lender) > 0 ? RefusalReason.LenderOwesDebt
        : units > lender.LendingLimit - Lent(lender) ? RefusalReason.LendingLimit
        : units > Free(lender) - Borrowed(lender) ? RefusalReason.LenderNotAvailable
        : units > Free(lender) - Borrowed(lender) - Held(lender) ? RefusalReason.LenderKeepsUnits
        : term > lender.LongestTerm ? RefusalReason.TermTooLong
        : borrower.Reputation < lender.GrantThreshold ? RefusalReason.Reputation
        : RefusalReason.None;

    private RefusalReason OfBorrower(ModelParty borrower, int units) =>
        Debt(borrower) > 0 ? RefusalReason.BorrowerOwesDebt
        : units > borrower.BorrowingLimit - Borrowed(borrower) ? RefusalReason.BorrowingLimit
        : units > borrower.CreditLine - Borrowed(borrower) ? RefusalReason.CreditLine
        : RefusalReason.None;

    /// <summary>As for a new request, but the units are there already.</summary>
    private RefusalReason OfRenewal(ModelLoan loan, long term) =>
        Debt(loan.Lender) > 0 ? RefusalReason.LenderOwesDebt
        : Lent(loan.Lender) > loan.Lender.LendingLimit ? RefusalReason.LendingLimit
        : term > loan.Lender.LongestTerm ? RefusalReason.TermTooLong
        : loan.Borrower.Reputation < loan.Lender.GrantThreshold ? RefusalReason.Reputation
        : Debt(loan.Borrower) > 0 ? RefusalReason.BorrowerOwesDebt
        : Borrowed(loan.Borrower) > loan.Borrower.BorrowingLimit ? RefusalReason.BorrowingLimit
        : Borrowed(loan.Borrower) > loan.Borrower.CreditLine ? RefusalReason.CreditLine
        : RefusalReason.None;

    private ModelLoan Lend(ModelParty borrower, ModelParty lender, int units, long term, LoanTerms terms)
    {
        var loan = new ModelLoan { Lender = lender, Borrower = borrower, Terms = terms, Number = Next(), Units = units, Left = units };
        _loans.Add(loan);
        BeginTerm(loan, Now, Now + term);
        return loan;
    }

    private void BeginTerm(ModelLoan loan, long start, long due) => (loan.Start, loan.Due, loan.Turn) = (start, due, Next());

    /// <summary>Some of the units go another way, as a loan of their own.</summary>
    private ModelLoan Split(ModelLoan loan, int units)
    {
        if (units == loan.Left) return loan;
        var part = new ModelLoan
        {
            Lender = loan.Lender,
            Borrower = loan.Borrower,
            Terms = loan.Terms,
            Number = Next(),
            Units = units,
            Left = units,
            Phase = loan.Phase,
            WasRecalled = loan.WasRecalled,
            Start = loan.Start,
            Due = loan.Due,
            Turn = Next(),
        };
        loan.Units -= units;
        loan.Left -= units;
        _loans.Add(part);
        return part;
    }

    private void ComeDue(ModelLoan loan)
    {
        switch (loan.Phase)
        {
            case LoanPhase.Active when loan.Terms.AutoRenews && OfRenewal(loan, loan.Due - loan.Start) == RefusalReason.None:
                // A grant made while catching up starts now.
                BeginTerm(loan, Now, Now + (loan.Due - loan.Start));
                break;
            case LoanPhase.Active or LoanPhase.Recalled:
                var due = loan.Due;
                (loan.Due, loan.Turn) = (due + loan.Grace, Next());
                Owe(loan, LoanPhase.Grace, due);
                break;
            case LoanPhase.Returning:
                (loan.Phase, loan.Due, loan.Turn) = (LoanPhase.Grace, loan.Due + loan.Grace, Next());
                break;
            case LoanPhase.Grace:
                (loan.Phase, loan.Due, loan.Turn) = (LoanPhase.Overdue, loan.Due + DefaultLimit, Next());
                break;
            default:
                (loan.Phase, loan.Turn) = (LoanPhase.Defaulted, null);
                break;
        }
    }

    private void Owe(ModelLoan loan, LoanPhase phase, long at)
    {
        (loan.Phase, loan.OwedAs) = (phase, Next());
        Pay(loan.Borrower, at);
    }

    /// <summary>Whoever owes pays with what it has free, until nobody can.</summary>
    private void PayAll()
    {
        while (All.FirstOrDefault(p => Free(p) > 0 && Debt(p) > 0) is { } debtor) Pay(debtor, Now);
    }

    /// <summary>The oldest debt first. What a lender has recalled is held back for it from when it comes.</summary>
    private void Pay(ModelParty debtor, long at)
    {
        foreach (var debt in DebtsOf(debtor).ToArray())
        {
            var part = Math.Min(debt.Left, Free(debtor));
            debt.Left -= part;
            if (debt.WasRecalled && part > 0) Hold(debt.Lender, part, at);
            if (debt.Left > 0) break;
            debt.Phase = LoanPhase.Repaid;
            _loans.Remove(debt);
        }
    }

    private long? EffectOfRecall(ModelLoan loan)
    {
        if (loan.IsOwnership || loan.Phase != LoanPhase.Active || !loan.Terms.IsRecallable) return null;
        var effect = Math.Max(Now, loan.Start + (long)loan.Terms.MinimumHold.TotalMilliseconds) + (long)loan.Terms.Notice.TotalMilliseconds;
        return effect < loan.Due ? effect : loan.Terms.AutoRenews ? loan.Due : null;
    }

    private bool IsFreeNow(ModelLoan loan) => EffectOfRecall(loan) == Now && Free(loan.Borrower) > 0;

    private IEnumerable<ModelLoan> Victims(ModelParty lender) => _loans.Where(l => l.Lender == lender && EffectOfRecall(l) is not null)
        .OrderBy(static l => l.Terms.Priority).ThenBy(static l => l.Borrower.Reputation).ThenByDescending(static l => l.Number);

    private int FreeRecallable(ModelParty lender) => Victims(lender).Where(IsFreeNow)
        .GroupBy(static l => l.Borrower).Sum(g => Math.Min(g.Sum(static l => l.Left), Free(g.Key)));

    private void MoveOwnership(ModelParty from, ModelParty to, int units)
    {
        from.Nominal -= units;
        to.Nominal += units;

        // What the new owner still owes the old one of an earlier move is set off.
        foreach (var opposite in DebtsOf(to).Where(l => l.IsOwnership && l.Lender == from).ToArray())
        {
            var part = Math.Min(units, opposite.Left);
            opposite.Left -= part;
            units -= part;
            if (opposite.Left == 0) _loans.Remove(opposite);
        }

        if (units > 0)
        {
            var debt = new ModelLoan { Lender = to, Borrower = from, Terms = new(), IsOwnership = true, Number = Next(), Units = units, Left = units };
            _loans.Add(debt);
            Owe(debt, LoanPhase.Returning, Now);
        }

        PayAll();
    }

    private void Limit(ModelParty party)
    {
        party.LendingLimit = party == Reserve ? party.Nominal : party.Nominal / 2;
        party.BorrowingLimit = party == Reserve ? 0 : Capacity - party.Nominal;
    }
}
