using Xunit.Abstractions;
using static ResourceBorrowing.Tests.Concurrency.ModelledPool;
using Actor = System.Func<ResourceBorrowing.Tests.Concurrency.ModelledPool, System.Collections.Generic.IEnumerable<System.Func<bool>?>>;

namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Every schedule of what can happen to a loan, and of a want beside all that may fill it.</summary>
public class LoanInterleavingTests(ITestOutputHelper output)
{
    // One loan: it ends once, whoever comes first.

    [Fact]
    public void RecallBesideReturn_OfFreeUnits_EndsTheLoanOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2), Recalls(2), Returns(2));

    [Fact]
    public void RecallBesideReturn_OfUnitsInUse_EndsTheLoanOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 1), Recalls(2), Returns(2), Releases(Borrower, 1));

    [Fact]
    public void RecallBesideReturn_OfDifferentParts_EndEachUnitOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 3, borrowerInUse: 2), Recalls(2), Returns(2), Releases(Borrower, 2));

    [Fact]
    public void RecallBesideReturnAndExpiry_EndTheLoanOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 1), Recalls(1), Returns(2), Expires);

    [Fact]
    public void ExpiryBesideReturnAndRelease_EndsTheLoanOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2), Expires, Returns(2), Releases(Borrower, 2));

    [Fact]
    public void RecallWithNotice_BesideItsDueTimeAndReturn_EndsTheLoanOnce() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 1, hasNotice: true), Recalls(2), Expires, Returns(1));

    [Fact]
    public void RecallWithNotice_BesideRenewalAndDueTime_IsNotRenewed() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, hasNotice: true), Recalls(1), Renews, Expires);

    [Fact]
    public void RecallBesideLending_OfTheSameUnits_EndsAllOrLeavesTheNewLoan() =>
        Explore(Of(Flaw.None, lender: 1, borrower: 1), Recalls(2), Lends(1), Lends(1));

    // A recall: the first unit released goes to the lender.

    [Fact]
    public void RecallOfUnitsInUse_BesideReleaseAndTheNextCaller_LeavesItNoUnitThatIsOwed() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2), Recalls(1), Releases(Borrower, 1), Acquires(Borrower, 1, release: true));

    [Fact]
    public void RecallOfUnitsInUse_BesideReleaseAndTheBorrowersWaiter_LeavesItNoUnitThatIsOwed() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2), Recalls(1), Releases(Borrower, 1), Waits(Borrower));

    [Fact]
    public void LendersCaller_BesideTheBorrowersRelease_HasWhatWasRecalledForIt() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, borrowerInUse: 1), Waits(Lender), Releases(Borrower, 1), Acquires(Borrower, 1));

    [Fact]
    public void LendersCaller_BesideReturn_HasTheUnits() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, waiterUnits: 2), Waits(Lender), Returns(1));

    [Fact]
    public void LendersCaller_BesideExpiry_HasTheUnit() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1), Waits(Lender), Expires);

    [Fact]
    public void LendersCaller_BesideALoanInTheMaking_RecallsIt() =>
        Explore(Of(Flaw.None, lender: 1), Waits(Lender), Lends(1));

    [Fact]
    public void LendersCaller_BesideACallerThatTakesTheFreeUnit_RecallsTheOther() =>
        Explore(Of(Flaw.None, lender: 1, borrower: 1), Waits(Lender), Acquires(Lender, 1), Acquires(Lender, 1, release: true));

    [Fact]
    public void LendersNextCaller_BesideTheRepaymentOfAnotherUnit_RecallsItsOwn() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 2, borrowerInUse: 2, debt: 1, waiterUnits: 2), Waits(Lender), Releases(Borrower, 1));

    // A want: no lendable unit rests beside it.

    [Fact]
    public void WantBesideARelease_IsFilled() =>
        Explore(Of(Flaw.None, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void WantBesideTwoReleases_IsFilled() =>
        Explore(Of(Flaw.None, lender: 2, lenderInUse: 2, wantUnits: 2), Wants, Releases(Lender, 1), Releases(Lender, 1));

    [Fact]
    public void WantBesideACallerThatComesAndGoes_IsFilled() =>
        Explore(Of(Flaw.None, lender: 1, wantUnits: 1), Wants, Acquires(Lender, 1, release: true));

    [Fact]
    public void WantBesideReturn_IsFilled() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, wantUnits: 1), Wants, Returns(1));

    [Fact]
    public void WantBesideRepayment_IsFilled() =>
        Explore(Of(Flaw.None, lender: 0, borrower: 1, borrowerInUse: 1, debt: 1, wantUnits: 1), Wants, Releases(Borrower, 1));

    [Fact]
    public void WantBesideACancelledWaiterOfTheLender_IsFilled() =>
        Explore(Of(Flaw.None, lender: 2, lenderInUse: 1, waiterUnits: 2, wantUnits: 1, isPushed: true), Wants, AsksForService, Cancels(Lender));

    [Fact]
    public void WantBesideAReleaseThatServesTheLendersWaiterFirst_HasTheRest() =>
        Explore(Of(Flaw.None, lender: 2, lenderInUse: 2, wantUnits: 1), Wants, Waits(Lender), Releases(Lender, 2));

    [Fact]
    public void WantBesideALoanThatFails_IsFilled() =>
        Explore(Of(Flaw.None, lender: 2, wantUnits: 1), Wants, Lends(2), Acquires(Lender, 1));

    [Fact]
    public void WantBesideItsCancellation_IsFilledOrLeavesNothing() =>
        Explore(Of(Flaw.None, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, CancelsWant, Releases(Lender, 1));

    // A queue that borrows on demand: no lendable unit rests beside it either.

    [Fact]
    public void QueueBesideAReleaseAtTheLender_IsLentWhatItMisses() =>
        Explore(OnDemand(Flaw.None, lender: 1, lenderInUse: 1), Waits(Borrower), Releases(Lender, 1));

    [Fact]
    public void QueueBesideAReleaseOfItsOwn_IsLentTheRest() =>
        Explore(OnDemand(Flaw.None, lender: 1, borrower: 1, borrowerInUse: 1, waiterUnits: 2), Waits(Borrower), Releases(Borrower, 1));

    [Fact]
    public void QueueBesideTheRepaymentOfItsDebt_IsLentWhatItMisses() =>
        Explore(OnDemand(Flaw.None, lender: 1, borrower: 1, borrowerInUse: 1, debt: 1), Waits(Borrower), Releases(Borrower, 1));

    [Fact]
    public void QueueBesideTheRepaymentOfItsDebtByAnother_IsLentWhatItMisses() =>
        Explore(OnDemand(Flaw.None, lender: 1, borrower: 1, borrowerInUse: 1, debt: 1), Waits(Borrower), PaysForARelease);

    [Fact]
    public void QueueBesideABusyServer_IsLentWhatItMisses() =>
        Explore(OnDemand(Flaw.None, lender: 1), Waits(Borrower), HasQueueServed);

    [Fact]
    public void QueueBesideItsCancellation_LeavesNothingListedForEver() =>
        Explore(OnDemand(Flaw.None, lender: 1, lenderInUse: 1), Waits(Borrower), Cancels(Borrower), Releases(Lender, 1));

    // The checker can fail: each of these pools breaks a law in some schedule.

    [Fact]
    public void Checker_OfADebtFlaggedLater_NoticesTheStolenUnit() =>
        AssertNoticed("was owed", Of(Flaw.FlagDebtLater, lender: 0, borrower: 2, borrowerInUse: 2), Acquires(Borrower, 1), Releases(Borrower, 1), Recalls(1));

    [Fact]
    public void Checker_OfABlindExpiry_NoticesTheLoanEndedTwice() =>
        AssertNoticed("ended twice", Of(Flaw.ExpireBlindly, lender: 0, borrower: 1, borrowerInUse: 1), Expires, Returns(1));

    [Fact]
    public void Checker_OfABlindRenewal_NoticesIt() =>
        AssertNoticed("was renewed", Of(Flaw.RenewBlindly, lender: 0, borrower: 1, hasNotice: true), Renews, Recalls(1));

    [Fact]
    public void Checker_OfALoanRecallableTooLate_NoticesTheForgottenCaller() =>
        AssertNoticed("nobody has recalled", Of(Flaw.RecallableTooLate, lender: 1), Waits(Lender), Lends(1));

    [Fact]
    public void Checker_OfAUnitThatCountsTwice_NoticesTheForgottenCaller() =>
        AssertNoticed("nobody has recalled", Of(Flaw.CountTwice, lender: 0, borrower: 2, borrowerInUse: 2, debt: 1, waiterUnits: 2), Waits(Lender), Releases(Borrower, 1));

    [Fact]
    public void Checker_OfALockLeftWithoutDraining_NoticesTheUnpaidDebt() =>
        AssertNoticed("did not pay", Of(Flaw.LeaveWithoutDraining, lender: 0, borrower: 1, borrowerInUse: 1), Recalls(1), Releases(Borrower, 1));

    [Fact]
    public void Checker_OfAMarkWithoutASecondTry_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.MarkWithoutSecondTry, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfNoMark_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.NoMark, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfAReleaseThatLooksFirst_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.LookAtMarkFirst, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfAForgetfulServer_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.ForgetfulServer, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfALenderThatTellsTooLate_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.TellTooLate, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfAForgetfulServer_NoticesTheCancelledWant() =>
        AssertNoticed("still listed", Of(Flaw.ForgetfulServer, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, CancelsWant);

    [Fact]
    public void Checker_OfASilentServer_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.SilentServer, lender: 2, lenderInUse: 1, waiterUnits: 2, wantUnits: 1, isPushed: true), Wants, AsksForService, Cancels(Lender));

    [Fact]
    public void Checker_OfASilentServer_NoticesTheQueue() =>
        AssertNoticed("unfilled", OnDemand(Flaw.SilentServer, lender: 1), Waits(Borrower), HasQueueServed);

    [Fact]
    public void Checker_OfAMissedWrittenLate_NoticesTheQueue() =>
        AssertNoticed("unfilled", OnDemand(Flaw.WriteMissedLate, lender: 1, borrower: 1, borrowerInUse: 1, waiterUnits: 2), Waits(Borrower), Releases(Borrower, 1));

    [Fact]
    public void Checker_OfALookForWaitersTooEarly_NoticesTheQueue() =>
        AssertNoticed("unfilled", OnDemand(Flaw.LookForWaitersTooEarly, lender: 1, borrower: 1, borrowerInUse: 1, debt: 1), Waits(Borrower), PaysForARelease);

    [Fact]
    public void Checker_OfAQuietRepayment_NoticesTheWant() =>
        AssertNoticed("unfilled", Of(Flaw.CreditQuietly, lender: 0, borrower: 1, wantUnits: 1), Wants, Returns(1));

    [Fact]
    public void Checker_OfAMarkThatStays_NoticesIt() =>
        AssertNoticed("mark lies", Of(Flaw.MarkForEver, lender: 1, lenderInUse: 1, wantUnits: 1), Wants, Releases(Lender, 1));

    [Fact]
    public void Checker_OfAnUnwantedLoanThatIsKept_NoticesIt() =>
        AssertNoticed("nobody has it", Of(Flaw.KeepUnwantedLoan, lender: 1, wantUnits: 1), Wants, CancelsWant);

    private static readonly Actor Expires = Expire;

    private static readonly Actor Renews = Renew;

    private static readonly Actor PaysForARelease = PayForARelease;

    private static readonly Actor Wants = AddWant;

    private static readonly Actor CancelsWant = CancelWant;

    private static readonly Actor AsksForService = static pool => AskForService(pool, Lender);

    private static readonly Actor HasQueueServed = static pool => AskForService(pool, Borrower);

    private static Actor Acquires(int party, int units, bool release = false) => pool => Acquire(pool, party, units, release);

    private static Actor Releases(int party, int units) => pool => Release(pool, party, units);

    private static Actor Lends(int units) => pool => Lend(pool, units);

    private static Actor Returns(int units) => pool => Return(pool, units);

    private static Actor Recalls(int units) => pool => Recall(pool, units);

    private static Actor Waits(int party) => pool => Wait(pool, party);

    private static Actor Cancels(int party) => pool => Cancel(pool, party);

    private void Explore(Func<ModelledPool> create, params Actor[] actors) =>
        output.WriteLine($"{Interleavings.Explore(create, stopped: -1, stoppedAfter: 0, actors)} states");

    private static void AssertNoticed(string law, Func<ModelledPool> create, params Actor[] actors)
    {
        var exception = Assert.Throws<ScheduleException>(() => Interleavings.Explore(create, stopped: -1, stoppedAfter: 0, actors));
        Assert.Contains(law, exception.Message);
    }
}
