using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>What every plan keeps, whatever the situation.</summary>
public class PlannerTests
{
    private const int Rounds = 8;

    [Property(MaxTest = 500)]
    public void Plan_Always_DividesTheCapacityWithinTheBounds(DoNotSize<int> seed) => Walk(seed.Item, static (world, plan) =>
    {
        Assert.Equal(world.Capacity, plan.Allocations.Sum());
        var situations = world.Situations();
        for (var i = 0; i < world.Count; i++)
        {
            Assert.InRange(plan.Lowers[i], situations[i].Floor, Math.Max(situations[i].Floor, situations[i].Nominal));
            Assert.True(plan.Allocations[i] >= (int)plan.Lowers[i] && plan.Allocations[i] <= Math.Max(situations[i].Ceiling, (int)Math.Ceiling(plan.Lowers[i])));
            Assert.Equal(Math.Max(plan.Lowers[i], world.Demand[i]), plan.Targets[i]);
            // What it owns and needs is never planned for others.
            Assert.True(plan.Lowers[i] >= Math.Min(world.Nominal[i], world.Demand[i]));
        }
    });

    [Property(MaxTest = 500)]
    public void Moves_Always_TakeFreeUnitsOnly_AndKeepFloorsAndCeilings(DoNotSize<int> seed) => Walk(seed.Item, static (world, plan) =>
    {
        var (free, lendable, situations) = (Each(world, world.Free), Each(world, world.Lendable), world.Situations());
        var lentBefore = world.Standing().ToDictionary(static s => (s.Lender, s.Borrower), static s => s.Units);
        foreach (var move in plan.Moves)
        {
            Assert.True(move.Units > 0 && move.Lender != move.Borrower);
            Assert.True((free[move.IsReturn ? move.Borrower : move.Lender] -= move.Units) >= 0);
            if (!move.IsReturn)
            {
                Assert.True((lendable[move.Lender] -= move.Units) >= 0);
                continue;
            }

            // What has come home may be lent again.
            Assert.True((lentBefore[(move.Lender, move.Borrower)] -= move.Units) >= 0);
            free[move.Lender] += move.Units;
            lendable[move.Lender] += move.Units;
        }

        world.Carry(plan.Moves);
        for (var i = 0; i < world.Count; i++) Assert.InRange(world.Allocation(i), situations[i].Floor, situations[i].Ceiling);
    });

    [Property(MaxTest = 500)]
    public void Moves_BeyondThoseThatCallersWaitFor_StayWithinThePart(DoNotSize<int> seed) => Walk(seed.Item, static (world, plan) =>
    {
        // However small the pool, one unit can move.
        var most = Math.Max(1, (int)(world.MostMoved * world.Capacity));
        var waiting = world.Situations().Select(static s => Math.Max(0, s.Waiting - s.Free)).ToArray();
        var beyond = 0;
        foreach (var move in plan.Moves)
        {
            var gaining = move.IsReturn ? move.Lender : move.Borrower;
            var relief = Math.Min(move.Units, waiting[gaining]);
            waiting[gaining] -= relief;
            beyond += move.Units - relief;
        }

        Assert.True(beyond <= most, $"{beyond} of {most} moved");
    });

    [Property(MaxTest = 500)]
    public void Callers_ThatWait_GetWhatLiesIdle(DoNotSize<int> seed) => Walk(seed.Item, static (world, plan) =>
    {
        var situations = world.Situations();
        world.Carry(plan.Moves);
        for (var i = 0; i < world.Count; i++)
        {
            var missing = Math.Min(situations[i].Waiting - situations[i].Free, situations[i].Borrowable);
            var came = world.Allocation(i) - situations[i].Allocation;
            if (missing <= 0 || came >= missing) continue;
            // Somebody else would have lent it something still: then it is not for want of units.
            Assert.DoesNotContain(Enumerable.Range(0, world.Count), other => other != i && Math.Min(world.Lendable(other), world.Allocation(other) - plan.Targets[other]) >= 1);
        }
    });

    [Property(MaxTest = 300)]
    public void Plans_UnderSteadyDemand_ComeToRest(DoNotSize<int> seed)
    {
        var world = new PlannedWorld(seed.Item);
        for (var change = 0; change < 5; change++)
        {
            for (var round = 0; world.Make() is { Moves.Count: > 0 } plan; round++)
            {
                Assert.True(round < 200, "Units move for ever.");
                world.Carry(plan.Moves);
            }

            world.NewDemand();
        }

        Array.Clear(world.Demand);
        Array.Clear(world.Waits);
        for (var round = 0; world.Make() is { Moves.Count: > 0 } plan; round++)
        {
            Assert.True(round < 200, "Units move for ever.");
            world.Carry(plan.Moves);
        }

        // Nobody needs anything.
        Assert.Empty(world.Standing());
    }

    [Property(MaxTest = 300)]
    public void Units_WithoutNeed_StayAtHome(DoNotSize<int> seed)
    {
        var world = new PlannedWorld(seed.Item);
        for (var i = 0; i < world.Count; i++) world.Demand[i] = Math.Min(world.Demand[i], world.Nominal[i]);
        Assert.Empty(world.Make().Moves);
    }

    [Property(MaxTest = 200)]
    public void Plan_OfTheSameSituation_IsTheSame(DoNotSize<int> seed) => Walk(seed.Item, static (world, plan) =>
    {
        var again = world.Make();
        Assert.Equal(plan.Allocations, again.Allocations);
        Assert.Equal(plan.Moves, again.Moves);
    });

    [Fact]
    public void Need_OfTheBetterReputation_ComesFirst()
    {
        // There are 25 units for both, so one should have 13 and the other 12; but no more than 3 are offered.
        Situation[] all = [Needs(14, score: 40), Needs(14, score: 60), Offers(3)];
        var plan = Planner.Make(new(30, 0.1, 1), all, []);
        Assert.Equal([13, 12, 5], plan.Allocations);
        Assert.Equal([new(2, 1, 2, false), new PlannedMove(2, 0, 1, false)], plan.Moves);
    }

    [Fact]
    public void Need_WithinTheDeadBand_MovesNothing()
    {
        Assert.Equal(1, Assert.Single(Planner.Make(new(20, 0.1, 1), [Needs(10.9), Offers(5)], []).Moves).Units);
        Assert.Empty(Planner.Make(new(20, 0.11, 1), [Needs(10.9), Offers(5)], []).Moves);
    }

    [Fact]
    public void Loan_NotNeededOfLateEither_GoesHome_AndNotBefore()
    {
        StandingLoan[] lent = [new(1, 0, 5)];
        var lender = Offers(5) with { Allocation = 5, Free = 5, Offered = 0, Lendable = 0 };
        var borrower = Needs(2) with { Allocation = 15, Free = 13 };
        Assert.Equal([new(1, 0, 5, true)], Planner.Make(new(20, 0.1, 1), [borrower, lender], lent).Moves);
        Assert.Equal([new(1, 0, 3, true)], Planner.Make(new(20, 0.1, 1), [borrower with { Recent = 12 }, lender], lent).Moves);
        Assert.Equal([new(1, 0, 2, true)], Planner.Make(new(20, 0.1, 0.1), [borrower, lender], lent).Moves);
        Assert.Empty(Planner.Make(new(20, 0.1, 1), [borrower with { Recent = 15 }, lender], lent).Moves);
    }

    [Fact]
    public void Owner_ThatNeedsWhatItLent_HasItBackFirst()
    {
        StandingLoan[] lent = [new(1, 0, 5)];
        var owner = Needs(9) with { Allocation = 5, Free = 0 };
        var borrower = Needs(15) with { Allocation = 15, Free = 4, Recent = 15 };
        Assert.Equal([new(1, 0, 4, true)], Planner.Make(new(20, 0.1, 1), [borrower, owner], lent).Moves);
    }

    [Fact]
    public void LowerBounds_ThatDoNotFit_AreScaledTowardsTheFloors()
    {
        // A capacity that was lowered while its units are still owned: 20 owned, 16 there.
        Situation[] all = [Needs(10) with { Floor = 4 }, Needs(10) with { Floor = 8 }];
        var plan = Planner.Make(new(16, 0.1, 1), all, []);
        Assert.Equal([7, 9], plan.Lowers);
        Assert.Equal([7, 9], plan.Allocations);
    }

    private static Situation Needs(double demand, double score = 50) => new(10, 5, 20, 10, 0, (int)demand, (int)demand, demand, 0, 0, 10, 0, score);

    private static Situation Offers(int units) => new(10, 5, 20, 10, 10, 0, 0, 0, units, units, 10, 0, 50);

    /// <summary>Changes demand, plans, and carries the plan out, again and again.</summary>
    private static void Walk(int seed, Action<PlannedWorld, Plan> check)
    {
        var world = new PlannedWorld(seed) { MostMoved = seed % 3 == 0 ? 1 : 0.1 };
        for (var round = 0; round < Rounds; round++)
        {
            var plan = world.Make();
            var standing = world.Standing();
            check(world, plan);
            if (standing.SequenceEqual(world.Standing())) world.Carry(plan.Moves);
            world.NewDemand();
        }
    }

    private static int[] Each(PlannedWorld world, Func<int, int> of) => [.. Enumerable.Range(0, world.Count).Select(of)];
}
