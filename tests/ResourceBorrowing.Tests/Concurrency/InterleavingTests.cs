using Xunit.Abstractions;
using static ResourceBorrowing.Tests.Concurrency.ModelledPool;
using Actor = System.Func<ResourceBorrowing.Tests.Concurrency.ModelledPool, System.Collections.Generic.IEnumerable<System.Func<bool>?>>;

namespace ResourceBorrowing.Tests.Concurrency;

public class InterleavingTests(ITestOutputHelper output)
{
    // Lock-free actors: here any of them may also be stopped for ever at any step, and the others finish.

    [Fact]
    public void TwoAcquires_OfTheSameUnits_NeverOverGrant() =>
        ExploreWithStops(Alone(Flaw.None, 2), Acquires(Lender, 2), Acquires(Lender, 1));

    [Fact]
    public void ThreeCallers_AcquiringAndReleasing_NeverOverGrantAndNeverBlock() =>
        ExploreWithStops(Alone(Flaw.None, 3),
            Acquires(Lender, 1, release: true), Acquires(Lender, 2, release: true), Acquires(Lender, 3, release: true));

    [Fact]
    public void WaiterBesideARelease_InEverySchedule_IsGranted() =>
        ExploreWithStops(Alone(Flaw.None, 1, inUse: 1), Waits(Lender), Releases(Lender, 1));

    [Fact]
    public void WaiterBesideTwoReleases_InEverySchedule_IsGranted() =>
        ExploreWithStops(Alone(Flaw.None, 2, inUse: 2, waiterUnits: 2), Waits(Lender), Releases(Lender, 1), Releases(Lender, 1));

    [Fact]
    public void WaiterBesideACallerThatComesAndGoes_InEverySchedule_IsGranted() =>
        ExploreWithStops(Alone(Flaw.None, 1), Waits(Lender), Acquires(Lender, 1, release: true));

    [Fact]
    public void WaiterBesideReleaseAndNewcomer_InEverySchedule_IsGrantedOrUnitsAreTaken() =>
        ExploreWithStops(Alone(Flaw.None, 2, inUse: 1, waiterUnits: 2), Waits(Lender), Releases(Lender, 1), Acquires(Lender, 1, release: true));

    [Fact]
    public void CancelledWaiter_BesideARelease_IsGrantedOrCancelledAndLeaksNothing() =>
        ExploreWithStops(Alone(Flaw.None, 1, inUse: 1, isPushed: true), AsksForService, Cancels(Lender), Releases(Lender, 1));

    [Fact]
    public void CancelledWaiter_BesideANewcomer_LeaksNothing() =>
        ExploreWithStops(Alone(Flaw.None, 1, isPushed: true), AsksForService, Cancels(Lender), Acquires(Lender, 1, release: true));

    // Transfers hold a lock, so these actors are never stopped while they hold it.

    [Fact]
    public void Lending_BesideAcquireAndRelease_ConservesUnits() =>
        Explore(Of(Flaw.None, lender: 3, lenderInUse: 1), Lends(2), Acquires(Lender, 1), Releases(Lender, 1));

    [Fact]
    public void TwoLoans_OfTheSameUnits_AreNeverBothGranted() =>
        Explore(Of(Flaw.None, lender: 3), Lends(2), Lends(2), Acquires(Borrower, 2, release: true));

    [Fact]
    public void Lending_BesideAWaiterOfTheBorrower_ServesIt() =>
        Explore(Of(Flaw.None, lender: 2), Lends(1), Waits(Borrower), Acquires(Lender, 1, release: true));

    [Fact]
    public void EndOfLoan_WithUnitsInUse_IsPaidByTheReleases() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2), EndsLoan(2), Releases(Borrower, 1), Releases(Borrower, 1));

    [Fact]
    public void EndOfLoan_BesideAcquireAndRelease_NeverOverGrants() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 1), EndsLoan(2), Acquires(Borrower, 1, release: true), Releases(Borrower, 1));

    [Fact]
    public void EndOfLoan_WhileTheLenderWaits_ServesTheLender() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, borrowerInUse: 1), EndsLoan(1), Waits(Lender), Releases(Borrower, 1));

    [Fact]
    public void EndOfLoan_WhileTheBorrowerWaits_PaysBeforeItServes() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2), EndsLoan(1), Waits(Borrower), Releases(Borrower, 2));

    [Fact]
    public void EndOfLoan_WhileAGrantIsCancelled_IsPaid() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1), EndsLoan(1), Waits(Borrower), Cancels(Borrower));

    [Fact]
    public void Release_WhileSomebodyHoldsTheLock_IsPaidByWhoLeavesIt() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, borrowerInUse: 1, debt: 1), Releases(Borrower, 1), HoldsLock, Waits(Lender));

    // The checker can fail: each of these pools breaks a law in some schedule.

    [Fact]
    public void Checker_OfAPlainStoreInAcquire_NoticesUnitsGrantedTwice() =>
        AssertNoticed("callers hold", Of(Flaw.PlainStore, lender: 2), Acquires(Lender, 1), Acquires(Lender, 1));

    [Fact]
    public void Checker_OfAPlainStoreInRelease_NoticesIt() =>
        AssertNoticed("callers hold", Of(Flaw.PlainStore, lender: 2, lenderInUse: 1), Acquires(Lender, 1), Releases(Lender, 1));

    [Fact]
    public void Checker_OfAPlainStoreInLending_NoticesIt() =>
        AssertNoticed("", Of(Flaw.PlainStore, lender: 2), Lends(1), Acquires(Lender, 2));

    [Fact]
    public void Checker_OfAPlainStoreInRepayment_NoticesIt() =>
        AssertNoticed("", Of(Flaw.PlainStore, lender: 0, borrower: 2, borrowerInUse: 1), EndsLoan(1), Releases(Borrower, 1));

    [Fact]
    public void Checker_OfACreditBeforeTheDebit_NoticesDuplicatedUnits() =>
        AssertNoticed("credited before", Of(Flaw.CreditBeforeDebit, lender: 2), Lends(1), Acquires(Lender, 2));

    [Fact]
    public void Checker_OfABlindAnnouncement_NoticesTheLostWakeUp() =>
        AssertNoticed("lost wake-up", Of(Flaw.AnnounceBlindly, lender: 1, lenderInUse: 1), Waits(Lender), Releases(Lender, 1));

    [Fact]
    public void Checker_OfAnAnnouncementOnAnOlderWord_NoticesTheLostWakeUp() =>
        AssertNoticed("lost wake-up", Of(Flaw.AnnounceOnOlderWord, lender: 1), Waits(Lender), Acquires(Lender, 1, release: true));

    [Fact]
    public void Checker_OfAForgetfulServer_NoticesTheLostWakeUp() =>
        AssertNoticed("lost wake-up", Of(Flaw.ForgetfulServer, lender: 2, lenderInUse: 2, waiterUnits: 2), Waits(Lender), Releases(Lender, 1), Releases(Lender, 1));

    [Fact]
    public void Checker_OfUnitsGivenBackWithoutPaying_NoticesTheUnpaidDebt() =>
        AssertNoticed("did not pay", Of(Flaw.GiveBackWithoutPaying, lender: 0, borrower: 1), EndsLoan(1), Waits(Borrower), Cancels(Borrower));

    [Fact]
    public void Checker_OfALockLeftWithoutDraining_NoticesTheUnpaidDebt() =>
        AssertNoticed("did not pay", Of(Flaw.LeaveWithoutDraining, lender: 0, borrower: 1, borrowerInUse: 1, debt: 1), Releases(Borrower, 1), HoldsLock);

    [Fact]
    public void Checker_OfABlindDecision_NoticesTheLeak() =>
        AssertNoticed("outcome", Of(Flaw.DecideBlindly, lender: 1, lenderInUse: 1), Waits(Lender), Cancels(Lender), Releases(Lender, 1));

    private static readonly Actor HoldsLock = HoldLock;

    private static readonly Actor AsksForService = static pool => AskForService(pool, Lender);

    private static Actor Acquires(int party, int units, bool release = false) => pool => Acquire(pool, party, units, release);

    private static Actor Releases(int party, int units) => pool => Release(pool, party, units);

    private static Actor Lends(int units) => pool => Lend(pool, units);

    private static Actor EndsLoan(int units) => pool => Return(pool, units);

    private static Actor Waits(int party) => pool => Wait(pool, party);

    private static Actor Cancels(int party) => pool => Cancel(pool, party);

    private void Explore(Func<ModelledPool> create, params Actor[] actors) =>
        output.WriteLine($"{Interleavings.Explore(create, stopped: -1, stoppedAfter: 0, actors)} states");

    private void ExploreWithStops(Func<ModelledPool> create, params Actor[] actors) =>
        output.WriteLine($"{Interleavings.ExploreWithStops(create, actors)} states");

    private static void AssertNoticed(string law, Func<ModelledPool> create, params Actor[] actors)
    {
        var exception = Assert.Throws<ScheduleException>(() => Interleavings.Explore(create, stopped: -1, stoppedAfter: 0, actors));
        Assert.Contains(law, exception.Message);
    }
}
