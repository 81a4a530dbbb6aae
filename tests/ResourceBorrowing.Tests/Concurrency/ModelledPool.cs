using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>What is deliberately wrong in a modelled pool, to show that the checker notices.</summary>
internal enum Flaw
{
    None,

    /// <summary>A compare-and-swap that does not compare.</summary>
    PlainStore,

    /// <summary>A lender that is debited after the borrower has been credited.</summary>
    CreditBeforeDebit,

    /// <summary>Waiters announced whatever has happened since the word was read.</summary>
    AnnounceBlindly,

    /// <summary>Waiters announced on a word that is older than the one that refused the front.</summary>
    AnnounceOnOlderWord,

    /// <summary>A server that goes home although somebody has asked for service meanwhile.</summary>
    ForgetfulServer,

    /// <summary>A server that gives back what a cancelled waiter was granted and does not look whether it is owed.</summary>
    GiveBackWithoutPaying,

    /// <summary>A lock that is left without looking for debtors.</summary>
    LeaveWithoutDraining,

    /// <summary>A wait whose end is decided by whoever writes last.</summary>
    DecideBlindly,
}

/// <summary>
/// A lender and a borrower in modelled memory: the loops of <see cref="PermitCell"/>, <see cref="WaiterQueue"/> and the loan shard, over
/// the real transitions of <see cref="PermitWord"/>. One waiter per participant keeps the queue's order out of it.
/// </summary>
internal sealed class ModelledPool : SharedMemory
{
    internal const int Lender = 0;
    internal const int Borrower = 1;

    private const int Parties = 2;

    // One per party.
    private const int Word = 0;
    private const int Requests = Word + Parties;
    private const int Inbox = Requests + Parties;
    private const int Queued = Inbox + Parties;
    private const int Outcome = Queued + Parties;
    private const int CancelledStack = Outcome + Parties;

    // The borrower's home shard.
    private const int Locked = CancelledStack + Parties;
    private const int IsDebtor = Locked + 1;
    private const int Debtors = IsDebtor + 1;
    private const int Debt = Debtors + 1;

    // For the laws only.
    private const int Held = Debt + 1;
    private const int InTransit = Held + Parties;
    private const int Granted = InTransit + 1;
    private const int Pushed = Granted + Parties;
    private const int Cells = Pushed + Parties;

    private const int Waiting = 0;
    private const int WasGranted = 1;
    private const int WasCancelled = 2;

    private const Func<bool>? Always = null;

    private readonly Flaw _flaw;
    private readonly int _capacity;
    private readonly int[] _waiterUnits;

    private ModelledPool(Flaw flaw, int[] allocation, int[] inUse, int debt, int[] waiterUnits, bool isPushed) : base(Cells)
    {
        _flaw = flaw;
        _waiterUnits = waiterUnits;
        for (var party = 0; party < Parties; party++)
        {
            Note(Word + party, PermitWord.Of(allocation[party], inUse[party]).Bits);
            Note(Held + party, inUse[party]);
            _capacity += allocation[party];
        }

        if (isPushed) Push(Lender);
        if (debt == 0) return;
        Note(Debt, debt);
        Note(Word + Borrower, WordOf(Borrower).Repay(debt, out _).Bits - Peek(Word + Borrower));
    }

    /// <param name="flaw">What is wrong with it.</param>
    /// <param name="lender">Allocation of the lender.</param>
    /// <param name="lenderInUse">Units in use there.</param>
    /// <param name="borrower">Allocation of the borrower.</param>
    /// <param name="borrowerInUse">Units in use there.</param>
    /// <param name="debt">Units the borrower owes already; it must have none free.</param>
    /// <param name="waiterUnits">What a waiter of either asks for.</param>
    /// <param name="isPushed">Whether the lender's waiter is on its stack already, and has only to ask for service.</param>
    internal static Func<ModelledPool> Of(
        Flaw flaw, int lender, int lenderInUse = 0, int borrower = 0, int borrowerInUse = 0, int debt = 0, int waiterUnits = 1, bool isPushed = false) =>
        () => new ModelledPool(flaw, [lender, borrower], [lenderInUse, borrowerInUse], debt, [waiterUnits, waiterUnits], isPushed);

    internal override void CheckAlways()
    {
        long sum = Peek(InTransit);
        Require(sum >= 0, "units were credited before they were debited");
        for (var party = 0; party < Parties; party++)
        {
            var word = WordOf(party);
            Require(word.InUse <= word.Allocation, $"over-granted: {word}");
            Require(word.InUse == Peek(Held + party), $"callers hold {Peek(Held + party)}, the word says {word}");
            Require(Peek(Granted + party) <= 1, "one wait was granted twice");
            sum += word.Allocation;
        }

        Require(sum == _capacity, $"{sum} units instead of {_capacity}");
    }

    internal override void CheckAtRest()
    {
        Require(Peek(InTransit) == 0, "units still in transit at rest");
        Require(Peek(Debt) == 0 || WordOf(Borrower).Free == 0, "free units of a debtor did not pay");
        Require(WordOf(Borrower).OwesDebt == Peek(Debt) > 0, "the debt flag lies");
        for (var party = 0; party < Parties; party++)
        {
            var word = WordOf(party);
            var waits = Peek(Queued + party) + Peek(Inbox + party) > 0;
            Require(!waits || word.OwesDebt || word.Free < _waiterUnits[party], $"lost wake-up: a waiter for {_waiterUnits[party]} at rest, {word}");
            Require(Peek(Outcome + party) == WasGranted == (Peek(Granted + party) == 1), "a wait's outcome does not tell who has its units");
            Require(word.HasWaiters == waits, "the waiters flag lies");
            Require(Peek(Requests + party) == 0 && Peek(CancelledStack + party) == 0, "the queue's service is not idle");
        }
    }

    /// <summary>A caller that takes units if it can, and gives them back if told so.</summary>
    internal static IEnumerable<Func<bool>?> Acquire(ModelledPool pool, int party, int units, bool release = false)
    {
        while (true)
        {
            pool.Forget(0);
            yield return Always;
            if (!pool.ReadWord(party).TryAcquire(units, out var next)) yield break;
            var seen = new PermitWord(next.Bits - units);
            yield return Always;
            if (!pool.Swap(party, seen, next)) continue;
            pool.Note(Held + party, units);
            break;
        }

        if (!release) yield break;
        pool.Forget(1);
        foreach (var gate in Release(pool, party, units)) yield return gate;
    }

    internal static IEnumerable<Func<bool>?> Release(ModelledPool pool, int party, int units)
    {
        yield return Always;
        pool.Note(Held + party, -units);
        if (new PermitWord(pool.Add(Word + party, -units)).IsQuiet) yield break;
        pool.MoveOn(2);
        foreach (var gate in Attend(pool, party)) yield return gate;
    }

    /// <summary>Debit the lender, credit the borrower, under the shard's lock.</summary>
    internal static IEnumerable<Func<bool>?> Lend(ModelledPool pool, int units)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);

        if (pool._flaw == Flaw.CreditBeforeDebit)
        {
            yield return Always;
            pool.Note(InTransit, -units);
            pool.Add(Word + Borrower, PermitWord.Of(units).Bits);
        }

        var isLent = false;
        while (true)
        {
            yield return Always;
            var word = pool.ReadWord(Lender);
            if (!word.TryLend(units, borrowed: 0, out var next)) break;
            yield return Always;
            if (!pool.Swap(Lender, word, next)) continue;
            pool.Note(InTransit, units);
            isLent = true;
            break;
        }

        if (isLent && pool._flaw != Flaw.CreditBeforeDebit)
        {
            yield return Always;
            pool.Note(InTransit, -units);
            pool.Add(Word + Borrower, PermitWord.Of(units).Bits);
        }

        pool.MoveOn(1);
        foreach (var gate in Leave(pool)) yield return gate;
        pool.MoveOn(2);
        foreach (var gate in Attend(pool, Borrower)) yield return gate;
    }

    /// <summary>A loan ends: free units go back at once, the rest is owed.</summary>
    internal static IEnumerable<Func<bool>?> EndLoan(ModelledPool pool, int units)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        pool.Note(Debt, units);
        foreach (var gate in Pay(pool)) yield return gate;
        pool.MoveOn(1);
        foreach (var gate in Leave(pool)) yield return gate;
        pool.MoveOn(2);
        foreach (var gate in Attend(pool, Lender)) yield return gate;
        pool.MoveOn(3);
        foreach (var gate in Attend(pool, Borrower)) yield return gate;
    }

    /// <summary>Somebody who holds the shard's lock for another reason, such as looking whether a loan is active.</summary>
    internal static IEnumerable<Func<bool>?> HoldLock(ModelledPool pool)
    {
        yield return pool.IsUnlocked;
        pool.Exchange(Locked, 1);
        foreach (var gate in Leave(pool)) yield return gate;
    }

    /// <summary>Queues the party's waiter.</summary>
    internal static IEnumerable<Func<bool>?> Wait(ModelledPool pool, int party)
    {
        yield return Always;
        pool.Push(party);
        foreach (var gate in Serve(pool, party)) yield return gate;
    }

    /// <summary>The second half of queuing.</summary>
    internal static IEnumerable<Func<bool>?> AskForService(ModelledPool pool, int party) => Serve(pool, party);

    /// <summary>Cancels the party's waiter as soon as it is queued.</summary>
    internal static IEnumerable<Func<bool>?> Cancel(ModelledPool pool, int party)
    {
        yield return () => pool.Peek(Pushed + party) > 0;
        if (!pool.Decide(party, WasCancelled)) yield break;
        yield return Always;
        pool.Exchange(CancelledStack + party, 1);
        foreach (var gate in Serve(pool, party)) yield return gate;
    }

    private static IEnumerable<Func<bool>?> Attend(ModelledPool pool, int party, int frame = 0)
    {
        yield return Always;
        if (pool.ReadWord(party).OwesDebt)
        {
            yield return Always;
            if (pool.Exchange(IsDebtor, 1) == 0)
            {
                yield return Always;
                pool.Exchange(Debtors, 1);
            }

            foreach (var gate in Drain(pool, frame)) yield return gate;
        }

        pool.Forget(10, frame);
        yield return Always;
        if (!pool.ReadWord(party).HasWaiters) yield break;
        foreach (var gate in Serve(pool, party, frame)) yield return gate;
    }

    private static IEnumerable<Func<bool>?> Leave(ModelledPool pool)
    {
        yield return Always;
        pool.Exchange(Locked, 0);
        if (pool._flaw == Flaw.LeaveWithoutDraining) yield break;
        foreach (var gate in Drain(pool, 0)) yield return gate;
    }

    private static IEnumerable<Func<bool>?> Drain(ModelledPool pool, int frame)
    {
        while (true)
        {
            pool.Forget(11, frame);
            yield return Always;
            if (pool.Read(Debtors) == 0) yield break;
            yield return Always;
            if (!pool.CompareExchange(Locked, 1, 0)) yield break;
            yield return Always;
            var wasDebtor = pool.Exchange(Debtors, 0) == 1;
            if (wasDebtor)
            {
                yield return Always;
                pool.Exchange(IsDebtor, 0);
                foreach (var gate in Pay(pool)) yield return gate;
            }

            yield return Always;
            pool.Exchange(Locked, 0);
            if (!wasDebtor) continue;
            for (var party = 0; party < Parties; party++)
            {
                pool.Forget(12, frame + 1 + party);
                yield return Always;
                if (!pool.ReadWord(party).HasWaiters) continue;
                foreach (var gate in Serve(pool, party, frame + 1 + party)) yield return gate;
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private static IEnumerable<Func<bool>?> Pay(ModelledPool pool)
    {
        var owed = (int)pool.Read(Debt);
        if (owed == 0) yield break;
        int paid;
        while (true)
        {
            yield return Always;
            var word = pool.ReadWord(Borrower);
            var next = word.Repay(owed, out paid);
            yield return Always;
            if (!pool.Swap(Borrower, word, next)) continue;
            pool.Note(Debt, -paid);
            pool.Note(InTransit, paid);
            break;
        }

        if (paid == 0) yield break;
        yield return Always;
        pool.Note(InTransit, -paid);
        pool.Add(Word + Lender, PermitWord.Of(paid).Bits);
    }

    private static IEnumerable<Func<bool>?> Serve(ModelledPool pool, int party, int frame = 0)
    {
        yield return Always;
        if (pool.Add(Requests + party, 1) != 1) yield break;
        var givenBack = false;
        while (true)
        {
            pool.Forget(givenBack ? 21 : 20, frame);
            var hasGivenBack = false;
            foreach (var gate in Pass(pool, party, givenBack ? 1 : 0, frame, () => hasGivenBack = true)) yield return gate;
            givenBack |= hasGivenBack;
            pool.Forget(givenBack ? 23 : 22, frame);
            yield return Always;
            if (pool._flaw == Flaw.ForgetfulServer)
            {
                pool.Exchange(Requests + party, 0);
                break;
            }

            if (pool.CompareExchange(Requests + party, 0, 1)) break;
            yield return Always;
            pool.Exchange(Requests + party, 1);
        }

        if (!givenBack || pool._flaw == Flaw.GiveBackWithoutPaying) yield break;
        foreach (var gate in Attend(pool, party, frame + 10)) yield return gate;
    }

    private static IEnumerable<Func<bool>?> Pass(ModelledPool pool, int party, int gaveBefore, int frame, Action givenBack)
    {
        var units = pool._waiterUnits[party];
        yield return Always;
        var isCancelled = pool.Exchange(CancelledStack + party, 0) == 1;
        yield return Always;
        if (pool.Exchange(Inbox + party, 0) == 1) pool.Note(Queued + party, 1);
        if (isCancelled) pool.Note(Queued + party, -pool.Peek(Queued + party));

        var gave = gaveBefore;
        while (pool.Peek(Queued + party) == 1)
        {
            pool.Forget(24 + gave, frame);
            yield return Always;
            var older = pool.ReadWord(party);
            var word = older;
            if (pool._flaw == Flaw.AnnounceOnOlderWord)
            {
                yield return Always;
                word = pool.ReadWord(party);
            }

            if (word.TryGrant(units, out var next))
            {
                yield return Always;
                // A party has one waiter here, so it is the last, and the flag goes with the grant.
                if (!pool.Swap(party, word, next.WithoutWaiters())) continue;
                pool.Note(Held + party, units);
                pool.Note(Queued + party, -1);
                yield return Always;
                if (pool.Decide(party, WasGranted))
                {
                    pool.Note(Granted + party, 1);
                    continue;
                }

                yield return Always;
                pool.Note(Held + party, -units);
                pool.Add(Word + party, -units);
                givenBack();
                gave = 1;
            }
            else if (pool._flaw == Flaw.AnnounceBlindly)
            {
                yield return Always;
                pool.Exchange(Word + party, pool.WordOf(party).WithWaiters().Bits);
                yield break;
            }
            else
            {
                if (older.HasWaiters) yield break;
                yield return Always;
                if (pool.Swap(party, older, older.WithWaiters())) yield break;
            }
        }

        while (true)
        {
            pool.Forget(26 + gave, frame);
            yield return Always;
            var word = pool.ReadWord(party);
            if (!word.HasWaiters) yield break;
            yield return Always;
            if (pool.Swap(party, word, word.WithoutWaiters())) yield break;
        }
    }

    private void Push(int party)
    {
        Note(Inbox + party, 1);
        Note(Pushed + party, 1);
    }

    private bool IsUnlocked() => Peek(Locked) == 0;

    private PermitWord WordOf(int party) => new(Peek(Word + party));

    private PermitWord ReadWord(int party) => new(Read(Word + party));

    private bool Swap(int party, PermitWord from, PermitWord to)
    {
        if (_flaw != Flaw.PlainStore) return CompareExchange(Word + party, to.Bits, from.Bits);
        Exchange(Word + party, to.Bits);
        return true;
    }

    private bool Decide(int party, int outcome)
    {
        if (_flaw != Flaw.DecideBlindly) return CompareExchange(Outcome + party, outcome, Waiting);
        Exchange(Outcome + party, outcome);
        return true;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
