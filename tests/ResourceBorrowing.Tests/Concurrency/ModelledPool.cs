using ResourceBorrowing.Loans;
using ResourceBorrowing.Permits;
using Steps = System.Collections.Generic.IEnumerable<System.Func<bool>?>;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>
/// A lender and a borrower in modelled memory: the loops of <see cref="PermitCell"/>, <see cref="WaiterQueue"/>, <see cref="LoanShard"/> and
/// <see cref="Wants"/> over the real transitions of <see cref="PermitWord"/> and <see cref="LoanLife"/>. One waiter per participant keeps the queue's order out
/// of it. The borrower owns nothing: all it has is one loan of the lender. What only the lock's holder touches needs no step of its own.
/// </summary>
internal sealed partial class ModelledPool : SharedMemory
{
    internal const int Lender = 0;
    internal const int Borrower = 1;

    private const int Parties = 2;
    private const int Slots = 3;

    // One per party.
    private const int Word = 0;
    private const int Requests = Word + Parties;
    private const int Inbox = Requests + Parties;
    private const int Queued = Inbox + Parties;
    private const int Outcome = Queued + Parties;
    private const int CancelledStack = Outcome + Parties;
    private const int WaitingUnits = CancelledStack + Parties;
    private const int Marked = WaitingUnits + Parties;

    // The borrower's home shard; the last line is the lock's holder's alone.
    private const int Locked = Marked + Parties;
    private const int IsDebtor = Locked + 1;
    private const int Debtors = IsDebtor + 1;
    private const int Lent = Debtors + 1;
    private const int Incoming = Lent + 1;
    private const int LiveUnits = Incoming + 1;
    private const int Debt = LiveUnits + 1;
    private const int DebtList = Debt + 1;
    private const int State = DebtList + 1;
    private const int Left = State + Slots;
    private const int Expected = Left + Slots;
    private const int Generation = Expected + Slots;

    // One borrower that waits for a loan; whether it is listed is known to the server alone.
    private const int Wanted = Generation + Slots;
    private const int WantRequests = Wanted + 1;
    private const int WantInbox = WantRequests + 1;
    private const int WantListed = WantInbox + 1;
    private const int WantOutcome = WantListed + 1;

    // The borrower's queue, as far as it borrows on demand.
    private const int FrontNeed = WantOutcome + 1;
    private const int IsListed = FrontNeed + 1;
    private const int Missed = IsListed + 1;

    // Whether the lender has told that it has something to lend; and, known to the server alone, whether it must look for itself.
    private const int Told = Missed + 1;
    private const int LooksAtAll = Told + 1;
    private const int WantStale = LooksAtAll + 1;

    // For the laws only.
    private const int Held = WantStale + 1;
    private const int InTransit = Held + Parties;
    private const int Granted = InTransit + 1;
    private const int Pushed = Granted + Parties;
    private const int Owed = Pushed + Parties;
    private const int EverLent = Owed + 1;
    private const int EverEnded = EverLent + 1;
    private const int EverRecalled = EverEnded + 1;
    private const int LoansOfWant = EverRecalled + 1;
    private const int Broken = LoansOfWant + 1;
    private const int Cells = Broken + 1;

    private const int Waiting = 0;
    private const int WasGranted = 1;
    private const int WasCancelled = 2;

    private const Func<bool>? Always = null;

    private readonly Flaw _flaw;
    private readonly int _capacity;
    private readonly int _waiterUnits;
    private readonly int _wantUnits;
    private readonly bool _hasNotice;
    private readonly bool _isAlone;
    private readonly bool _isOnDemand;

    private ModelledPool(Flaw flaw, int[] allocation, int[] inUse, int debt, int waiterUnits, int wantUnits, bool isPushed, bool hasNotice, bool isAlone, bool isOnDemand) : base(Cells)
    {
        (_flaw, _waiterUnits, _wantUnits, _hasNotice, _isAlone) = (flaw, waiterUnits, wantUnits, hasNotice, isAlone);
        _isOnDemand = isOnDemand;
        for (var party = 0; party < Parties; party++)
        {
            Note(Word + party, PermitWord.Of(allocation[party], inUse[party]).Bits);
            Note(Held + party, inUse[party]);
            _capacity += allocation[party];
        }

        Note(LooksAtAll, 1);
        if (isPushed) Push(Lender);
        Note(Lent, allocation[Borrower]);
        Note(EverLent, allocation[Borrower]);
        if (allocation[Borrower] - debt is var live and > 0)
        {
            Note(State, (int)LoanState.Active);
            Note(Left, live);
            Note(LiveUnits, live);
        }

        if (debt == 0) return;
        Note(State + 1, (int)LoanState.Returning);
        Note(Left + 1, debt);
        Note(Expected + 1, 1);
        Note(Incoming, debt);
        Note(DebtList, 2);
        Note(Debt, debt);
        Note(Owed, debt);
        Note(EverEnded, debt);
        Note(Word + Borrower, WordOf(Borrower).Repay(debt, out _).Bits - Peek(Word + Borrower));
    }

    /// <param name="flaw">What is wrong with it.</param>
    /// <param name="lender">Allocation of the lender.</param>
    /// <param name="lenderInUse">Units in use there.</param>
    /// <param name="borrower">Allocation of the borrower: one loan, but for the debt.</param>
    /// <param name="borrowerInUse">Units in use there.</param>
    /// <param name="debt">Units the borrower owes already; it must have none free.</param>
    /// <param name="waiterUnits">What a waiter of either asks for.</param>
    /// <param name="wantUnits">What the borrower that waits for a loan asks for; 0 when it does not.</param>
    /// <param name="isPushed">Whether the lender's waiter is on its stack already, and has only to ask for service.</param>
    /// <param name="hasNotice">Whether a recall only takes effect when the due time comes.</param>
    internal static Func<ModelledPool> Of(
        Flaw flaw, int lender, int lenderInUse = 0, int borrower = 0, int borrowerInUse = 0, int debt = 0, int waiterUnits = 1, int wantUnits = 0, bool isPushed = false, bool hasNotice = false) =>
        () => new ModelledPool(flaw, [lender, borrower], [lenderInUse, borrowerInUse], debt, waiterUnits, wantUnits, isPushed, hasNotice, isAlone: false, isOnDemand: false);

    /// <summary>A participant that neither lends nor borrows: whoever looks whether it does sees nothing, so nobody looks.</summary>
    internal static Func<ModelledPool> Alone(Flaw flaw, int allocation, int inUse = 0, int waiterUnits = 1, bool isPushed = false) =>
        () => new ModelledPool(flaw, [allocation, 0], [inUse, 0], 0, waiterUnits, 0, isPushed, hasNotice: false, isAlone: true, isOnDemand: false);

    /// <summary>What the borrower's waiter misses is borrowed for it.</summary>
    internal static Func<ModelledPool> OnDemand(Flaw flaw, int lender, int lenderInUse = 0, int borrower = 0, int borrowerInUse = 0, int debt = 0, int waiterUnits = 1) =>
        () => new ModelledPool(flaw, [lender, borrower], [lenderInUse, borrowerInUse], debt, waiterUnits, 0, isPushed: false, hasNotice: false, isAlone: false, isOnDemand: true);

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
        Require(Peek(EverEnded) <= Peek(EverLent), "a loan has ended twice");
        Require(Peek(Broken) != Stolen, "a debtor's caller took a unit that was owed");
        Require(Peek(Broken) != RenewedAfterRecall, "a recalled loan was renewed");
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
            Require(!waits || word.OwesDebt || word.Free < _waiterUnits, $"lost wake-up: a waiter for {_waiterUnits} at rest, {word}");
            Require(Peek(Outcome + party) == WasGranted == (Peek(Granted + party) == 1), "a wait's outcome does not tell who has its units");
            Require(word.HasWaiters == waits, "the waiters flag lies");
            Require(Peek(Requests + party) == 0 && Peek(CancelledStack + party) == 0, "the queue's service is not idle");
            Require(Peek(WaitingUnits + party) == (waits ? _waiterUnits : 0), "the waiting units lie");
            Require(Peek(Marked + party) == 0, "somebody is marked for an attention that never comes");
        }

        CheckLoansAtRest();
        CheckWantsAtRest();
    }

    /// <summary>A caller that takes units if it can, and gives them back if told so.</summary>
    internal static Steps Acquire(ModelledPool pool, int party, int units, bool release = false)
    {
        while (true)
        {
            pool.Forget(0);
            yield return Always;
            if (!pool.ReadWord(party).TryAcquire(units, out var next)) yield break;
            var seen = new PermitWord(next.Bits - units);
            yield return Always;
            if (!pool.Swap(party, seen, next)) continue;
            pool.Take(party, units);
            break;
        }

        if (!release) yield break;
        pool.Forget(1);
        foreach (var gate in Release(pool, party, units)) yield return gate;
    }

    internal static Steps Release(ModelledPool pool, int party, int units)
    {
        var isWanted = false;
        if (pool.CanBeWanted(party) && pool._flaw == Flaw.LookAtMarkFirst)
        {
            yield return Always;
            isWanted = pool.Read(Wanted) != 0;
        }

        yield return Always;
        pool.Note(Held + party, -units);
        if (new PermitWord(pool.Add(Word + party, -units)).IsQuiet)
        {
            if (pool.CanBeWanted(party) && pool._flaw != Flaw.LookAtMarkFirst)
            {
                yield return Always;
                isWanted = pool.Read(Wanted) != 0;
            }

            if (!isWanted) yield break;
        }

        pool.Forget(2);
        foreach (var gate in Attend(pool, party, frame: 1)) yield return gate;
    }

    /// <summary>What the actor was doing when it began something else, as one number.</summary>
    private static long Nest(long frame, int place, long local = 0) => (frame * 64 + place) * 1_000_003 + local;

    private bool HasWants => _wantUnits > 0 || _isOnDemand;

    private bool CanBeWanted(int party) => party == Lender && HasWants;

    private void Take(int party, int units)
    {
        Note(Held + party, units);
        if (party == Borrower && Peek(Owed) > 0) Break(Stolen);
    }

    private void Break(int law)
    {
        if (Peek(Broken) == 0) Note(Broken, law);
    }

    private PermitWord WordOf(int party) => new(Peek(Word + party));

    private PermitWord ReadWord(int party) => new(Read(Word + party));

    private bool Swap(int party, PermitWord from, PermitWord to)
    {
        if (_flaw != Flaw.PlainStore) return CompareExchange(Word + party, to.Bits, from.Bits);
        Exchange(Word + party, to.Bits);
        return true;
    }

    private const int Stolen = 1;
    private const int RenewedAfterRecall = 2;

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
