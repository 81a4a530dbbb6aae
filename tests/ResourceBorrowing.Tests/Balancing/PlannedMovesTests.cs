using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>What one plan moves, situation by situation.</summary>
public class PlannedMovesTests
{
    private static readonly PlanLimits Free = new(100, 0.1, 1);

    [Fact]
    public void Need_IsMetFromThoseThatOfferMost_AndFromAsManyAsItTakes()
    {
        Assert.Equal([new(2, 0, 5, false), new PlannedMove(3, 0, 2, false)], Moves(Free, [], Needs(17), Offers(2), Offers(5), Offers(3)));
        Assert.Equal([new(2, 0, 5, false), new(3, 0, 3, false), new PlannedMove(1, 0, 2, false)], Moves(Free, [], Waits(12), Offers(2), Offers(5), Offers(3)));
    }

    /// <summary>However much it offers: it may say no.</summary>
    [Fact]
    public void Need_IsMetByThoseThatMustBeAskedLast()
    {
        var asked = Offers(9) with { MustBeAsked = true };
        Assert.Equal([new(2, 0, 3, false), new PlannedMove(1, 0, 4, false)], Moves(Free, [], Needs(17), asked, Offers(3)));
        Assert.Equal([new(1, 0, 3, false), new PlannedMove(2, 0, 4, false)], Moves(Free, [], Waits(7), Offers(3), asked));
    }

    /// <summary>Not a unit, but for those that callers wait for.</summary>
    [Fact]
    public void Plan_ThatMayMoveNothing_MovesWhatCallersWaitForAlone()
    {
        var none = Free with { MostMoved = 0 };
        Assert.Empty(Moves(none, [], Needs(15), Offers(5)));
        Assert.Empty(Moves(none, [new(0, 1, 5)], Lends(5), Offers(5) with { Allocation = 15, Free = 15 }));
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(none, [], Waits(2), Offers(5)));
        Assert.Equal([new PlannedMove(0, 1, 3, true)], Moves(none, [new(0, 1, 5)], Waits(3) with { Allocation = 5 }, Borrows(5, free: 5)));
    }

    /// <summary>However small the part is, one unit can move.</summary>
    [Fact]
    public void Plan_ThatMayMoveLessThanAUnit_MovesOne() =>
        Assert.Equal([new PlannedMove(1, 0, 1, false)], Moves(Free with { MostMoved = 0.001 }, [], Needs(15), Offers(5)));

    /// <summary>Units that somebody needs more than it owns stay while there are fewer of them too many than the dead band; what nobody needs beyond its own goes however few.</summary>
    [Theory]
    [InlineData(19, 0)]
    [InlineData(18, 2)]
    [InlineData(15, 5)]
    public void Loan_NeededButForLessThanTheDeadBand_Stays(int needed, int returned)
    {
        var borrower = Borrows(10, free: 20 - needed) with { Demand = needed, Most = needed, Recent = needed };
        Assert.Equal(returned == 0 ? [] : [new PlannedMove(0, 1, returned, true)], Moves(Free, [new(0, 1, 10)], Lends(10), borrower));
    }

    [Fact]
    public void Loan_OfWhatIsNeededNoLonger_GoesHome_HoweverLittle()
    {
        var borrower = Borrows(1, free: 1) with { Demand = 10, Most = 10, Recent = 10 };
        Assert.Equal([new PlannedMove(0, 1, 1, true)], Moves(Free with { DeadBand = 0.5 }, [new(0, 1, 1)], Lends(1), borrower));
    }

    /// <summary>Whoever has 5 too many gives back 5, to whomever it owes them.</summary>
    [Fact]
    public void Units_TooMany_GoBackToSeveralLenders_AndNoMoreOfThem()
    {
        var borrower = Borrows(8, free: 7) with { Demand = 13, Most = 13, Recent = 13 };
        Assert.Equal([new(0, 2, 4, true), new PlannedMove(1, 2, 1, true)], Moves(Free, [new(0, 2, 4), new(1, 2, 4)], Lends(4), Lends(4), borrower));
    }

    /// <summary>Its own callers' units are no others': they are not lent on as they come home. What comes home beyond that is.</summary>
    [Fact]
    public void Units_ThatComeHome_AreLentAnew_ButForWhatTheirOwnerNeeds()
    {
        StandingLoan[] lent = [new(0, 1, 5)];
        var idle = Borrows(5, free: 15);
        Assert.Equal([new(0, 1, 5, true), new PlannedMove(0, 2, 4, false)], Moves(Free, lent, Lends(5), idle with { Lendable = 0 }, Needs(14)));
        Assert.Equal([new(0, 1, 5, true), new PlannedMove(0, 2, 4, false)], Moves(Free, lent, Lends(5), idle with { Lendable = 0 }, Waits(4)));
        var owner = Waits(5) with { Allocation = 5 };
        Assert.Equal([new PlannedMove(0, 1, 5, true)], Moves(Free, lent, owner, idle with { Lendable = 0 }, Waits(4)));
        Assert.Equal([new PlannedMove(0, 1, 5, true)], Moves(Free, lent, Needs(10) with { Allocation = 5 }, idle with { Lendable = 0 }, Waits(4)));
    }

    /// <summary>It has put up 5, but needs 8 of its 10.</summary>
    [Fact]
    public void Offer_OfWhatThePlanLeavesToIt_IsNotTaken()
    {
        var lender = Offers(5) with { Free = 5, Most = 5, Demand = 8 };
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(Free, [], Needs(16), lender, Offers(0)));
        Assert.Equal([new PlannedMove(1, 0, 5, false)], Moves(Free, [], Waits(5), lender, Offers(0)));
    }

    /// <summary>It would lend more to callers that wait, and no more than it may.</summary>
    [Fact]
    public void Units_ThatNobodyPutUp_MoveForCallersThatWaitAlone()
    {
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(Free, [], Needs(15), Offers(2) with { Lendable = 5 }));
        Assert.Equal([new PlannedMove(1, 0, 5, false)], Moves(Free, [], Waits(5), Offers(2) with { Lendable = 5 }));
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(Free, [], Needs(15), Offers(5) with { Lendable = 2 }));
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(Free, [], Waits(5), Offers(5) with { Lendable = 2 }));
    }

    /// <summary>Units that it borrowed meanwhile are in use, and its ceiling is what it owns.</summary>
    [Fact]
    public void Callers_ThatWait_GetNothingBeyondTheCeiling()
    {
        Assert.Equal([new PlannedMove(1, 0, 2, false)], Moves(Free, [], Waits(5) with { Ceiling = 12 }, Offers(5)));
        Assert.Empty(Moves(Free, [new(0, 1, 3)], Waits(5) with { Ceiling = 10 }, Borrows(3, free: 3) with { Demand = 13, Most = 13, Recent = 13 }));
    }

    /// <summary>What it had free it has given back; it is passed over, and so is nobody else.</summary>
    [Fact]
    public void Lender_WhoseUnitsHaveGone_IsPassedOver_AndOthersAreNot()
    {
        var plan = Moves(
            Free, [new(4, 3, 3)], Waits(3, score: 60) with { Borrowable = 0 }, Waits(3), Offers(4), Borrows(3, free: 3) with { Lendable = 3 }, Waits(3) with { Allocation = 7 });
        Assert.Equal([new(4, 3, 3, true), new PlannedMove(2, 1, 3, false)], plan);
    }

    /// <summary>The reputation that a lender asks for, to the point; nobody lends to itself.</summary>
    [Theory]
    [InlineData(50, 50, true)]
    [InlineData(49.9, 50, false)]
    public void Lender_ThatAsksForAReputation_LendsFromThereOn(double score, double threshold, bool lends)
    {
        var lender = Offers(5) with { Threshold = threshold };
        Assert.Equal(lends ? [new PlannedMove(1, 0, 5, false)] : [], Moves(Free, [], Needs(15, score), lender));
        Assert.Equal(lends ? [new PlannedMove(1, 0, 5, false)] : [], Moves(Free, [], Waits(5, score), lender));
        Assert.Empty(Moves(Free, [], Waits(5, score) with { Free = 3, Lendable = 3 }));
    }

    /// <summary>Those with waiting callers come first, then the better reputation.</summary>
    [Fact]
    public void Units_ThatAreFew_GoToWaitingCallersFirst_ThenByReputation()
    {
        Assert.Equal([new PlannedMove(3, 1, 3, false)], Moves(Free, [], Needs(14, score: 90), Waits(3, score: 40), Needs(14), Offers(3)));
        Assert.Equal([new(3, 1, 2, false), new PlannedMove(3, 0, 1, false)], Moves(Free, [], Waits(4, score: 40), Waits(2, score: 60), Needs(14, score: 90), Offers(3)));
    }

    private static List<PlannedMove> Moves(PlanLimits limits, StandingLoan[] standing, params Situation[] all) => Planner.Make(limits with { Capacity = all.Sum(static s => s.Nominal) }, all, standing).Moves;

    /// <summary>Owns 10, all of it in use, and would have more.</summary>
    private static Situation Needs(int demand, double score = 50) => new(10, 5, 30, 10, 0, demand, demand, demand, 0, 0, 20, 0, score);

    /// <summary>Owns 10, all of it in use, and callers wait for more.</summary>
    private static Situation Waits(int units, double score = 50) => new(10, 5, 30, 10, 0, 10, 10, 10, 0, 0, 20, units, score);

    /// <summary>Owns 10, needs none, and has put up some.</summary>
    private static Situation Offers(int units) => new(10, 5, 30, 10, 10, 0, 0, 0, units, units, 20, 0, 50);

    /// <summary>Owns 10, needs none, and has lent some already.</summary>
    private static Situation Lends(int units) => new(10, 0, 30, 10 - units, 10 - units, 0, 0, 0, 0, 0, 20, 0, 50);

    /// <summary>Owns 10, has borrowed some, and needs what it owns.</summary>
    private static Situation Borrows(int units, int free) => new(10, 5, 30, 10 + units, free, 10, 10, 10, 0, 0, 20 - units, 0, 50);
}
