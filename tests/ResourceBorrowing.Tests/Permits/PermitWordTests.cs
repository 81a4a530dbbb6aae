using CsCheck;
using ResourceBorrowing.Permits;

namespace ResourceBorrowing.Tests.Permits;

public class PermitWordTests
{
    private const long Iterations = 20_000;

    private static readonly Gen<int> Units = Gen.OneOf(
        Gen.OneOf(Gen.Const(0), Gen.Const(1), Gen.Const(2), Gen.Const(1 << 30), Gen.Const(int.MaxValue - 1), Gen.Const(int.MaxValue)), Gen.Int[0, 12], Gen.Int[0, int.MaxValue]);

    private static readonly Gen<Plain> Words = Gen.Select(Units, Units, Gen.Bool, Gen.Bool,
        static (one, other, waiters, debt) => new Plain(Math.Min(one, other), Math.Max(one, other), waiters, debt));

    [Fact]
    public void Layout_OfAllFields_FitsIn64BitsWithoutOverlap()
    {
        (int Shift, int Width)[] fields =
        [
            (PermitWord.InUseShift, PermitWord.InUseWidth),
            (PermitWord.AllocationShift, PermitWord.AllocationWidth),
            (PermitWord.WaitersShift, 1),
            (PermitWord.DebtShift, 1),
        ];

        ulong taken = 0;
        foreach (var (shift, width) in fields)
        {
            Assert.InRange(shift + width, 1, 64);
            var mask = ((1UL << width) - 1) << shift;
            Assert.Equal(0UL, taken & mask);
            taken |= mask;
        }

        Assert.Equal(ulong.MaxValue, taken);
    }

    [Fact]
    public void Layout_OfTheLargestUnits_HoldsEveryPositiveInt()
    {
        var word = PermitWord.Of(int.MaxValue, int.MaxValue).WithWaiters();
        Assert.Equal(int.MaxValue, word.Allocation);
        Assert.Equal(int.MaxValue, word.InUse);
        Assert.Equal(0, word.Free);
        Assert.True(word.HasWaiters);
        Assert.False(word.OwesDebt);
    }

    [Fact]
    public void Fields_OfAnyWord_ReadBackWhatWasPacked() =>
        Words.Sample(static plain => Plain.From(plain.Pack()) == plain && plain.Pack().Free == plain.Free && plain.Pack().IsQuiet == plain.IsQuiet, iter: Iterations);

    [Fact]
    public void TryAcquire_OnAnyWord_TakesOnlyFreeUnitsOfAQuietWord() =>
        Gen.Select(Words, Units).Sample(
            static (plain, units) =>
            {
                var applies = plain.Pack().TryAcquire(units, out var next);
                Assert.Equal(plain.IsQuiet && units <= plain.Free, applies);
                if (applies) Assert.Equal(plain with { InUse = plain.InUse + units }, Plain.From(next));
            },
            iter: Iterations);

    [Fact]
    public void TryGrant_OnAnyWord_PassesWaitersButNotDebt() =>
        Gen.Select(Words, Units).Sample(
            static (plain, units) =>
            {
                var applies = plain.Pack().TryGrant(units, out var next);
                Assert.Equal(!plain.Debt && Math.Max(1, units) <= plain.Free, applies);
                if (applies) Assert.Equal(plain with { InUse = plain.InUse + units }, Plain.From(next));
            },
            iter: Iterations);

    [Fact]
    public void Release_OfUnitsInUse_ChangesNothingElse() =>
        Gen.Select(Words, Units).Sample(
            static (plain, some) =>
            {
                var units = (int)Math.Min(some, plain.InUse);
                Assert.Equal(plain with { InUse = plain.InUse - units }, Plain.From(plain.Pack().Release(units)));
            },
            iter: Iterations);

    [Fact]
    public void TryLend_OnAnyWord_TakesOnlyFreeUnitsThatAreItsOwn() =>
        Gen.Select(Words, Units, Gen.OneOf(Gen.Const(0), Units)).Sample(
            static (plain, units, borrowed) =>
            {
                var applies = plain.Pack().TryLend(units, borrowed, out var next);
                Assert.Equal(plain.IsQuiet && units <= plain.Free - borrowed, applies);
                if (applies) Assert.Equal(plain with { Allocation = plain.Allocation - units }, Plain.From(next));
            },
            iter: Iterations);

    [Fact]
    public void Credit_OfUnitsThatFit_RaisesOnlyTheAllocation() =>
        Gen.Select(Words, Units).Sample(
            static (plain, some) =>
            {
                var units = (int)Math.Min(some, int.MaxValue - plain.Allocation);
                Assert.Equal(plain with { Allocation = plain.Allocation + units }, Plain.From(plain.Pack().Credit(units)));
            },
            iter: Iterations);

    [Fact]
    public void Repay_OfAnyDebt_PaysWhatIsFreeAndFlagsTheRest() =>
        Gen.Select(Words, Units).Sample(
            static (plain, owed) =>
            {
                var next = plain.Pack().Repay(owed, out var paid);
                Assert.Equal(Math.Min(plain.Free, owed), paid);
                Assert.Equal(plain with { Allocation = plain.Allocation - paid, Debt = paid < owed }, Plain.From(next));
            },
            iter: Iterations);

    [Fact]
    public void WaitersFlag_SetAndCleared_ChangesNothingElse() =>
        Words.Sample(
            static plain => Plain.From(plain.Pack().WithWaiters()) == plain with { Waiters = true }
                && Plain.From(plain.Pack().WithoutWaiters()) == plain with { Waiters = false },
            iter: Iterations);

    [Fact]
    public void EveryTransition_ThatApplies_KeepsInUseWithinAllocation() =>
        Gen.Select(Words, Units, Units).Sample(
            static (plain, units, own) =>
            {
                var word = plain.Pack();
                if (word.TryAcquire(units, out var next)) AssertLawful(next);
                if (word.TryGrant(units, out next)) AssertLawful(next);
                if (word.TryLend(units, own, out next)) AssertLawful(next);
                AssertLawful(word.Repay(units, out _));
                AssertLawful(word.WithWaiters());
                AssertLawful(word.WithoutWaiters());
            },
            iter: Iterations);

    private static void AssertLawful(PermitWord word) =>
        Assert.True(word.InUse >= 0 && word.InUse <= word.Allocation, word.ToString());

    /// <summary>The same word in plain numbers.</summary>
    private readonly record struct Plain(long InUse, long Allocation, bool Waiters, bool Debt)
    {
        public long Free => Allocation - InUse;

        public bool IsQuiet => !Waiters && !Debt;

        // Built from arithmetic and set bits alone, not by the code under test.
        public PermitWord Pack() => new(unchecked(
            InUse + Allocation * 2_147_483_648L + (Waiters ? 4_611_686_018_427_387_904L : 0) + (Debt ? long.MinValue : 0)));

        public static Plain From(PermitWord word) => new(word.InUse, word.Allocation, word.HasWaiters, word.OwesDebt);
    }
}
