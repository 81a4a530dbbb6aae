using CsCheck;
using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Tests.Loans;

public class LoanSlabTests
{
    [Fact]
    public void Rent_AfterReturn_GivesTheSlotANewGeneration()
    {
        var slab = new LoanSlab();
        var slot = slab.Rent();
        var first = slab[slot].Generation;
        slab.Return(slot);

        Assert.Equal(slot, slab.Rent());
        Assert.NotEqual(first, slab[slot].Generation);
    }

    [Fact]
    public void Rent_BeyondAPage_NeitherMovesNorRepeatsRecords()
    {
        const int Many = 5_000;
        var slab = new LoanSlab();
        var slots = new HashSet<int>();
        for (var i = 0; i < Many; i++)
        {
            var slot = slab.Rent();
            Assert.True(slots.Add(slot));
            slab[slot].Units = slot;
        }

        Assert.Equal(Many, slab.Count);
        Assert.InRange(slab.Capacity, Many, 2 * Many);
        Assert.All(slots, slot => Assert.Equal(slot, slab[slot].Units));
    }

    [Fact]
    public void Handle_OfAReturnedRecord_NeverAnswersAgain() =>
        Gen.Int[0, int.MaxValue].Array[1, 400].Sample(
            static choices =>
            {
                var slab = new LoanSlab();
                var live = new List<LoanHandle>();
                var dead = new HashSet<LoanHandle>();
                foreach (var choice in choices)
                {
                    if (choice % 3 == 0 && live.Count > 0)
                    {
                        var place = choice / 3 % live.Count;
                        slab.Return(live[place].Slot);
                        dead.Add(live[place]);
                        live.RemoveAt(place);
                    }
                    else
                    {
                        var slot = slab.Rent();
                        var handle = new LoanHandle(slot, slab[slot].Generation);
                        Assert.DoesNotContain(handle, dead);
                        Assert.DoesNotContain(live, other => other.Slot == slot);
                        Assert.Equal(handle, LoanHandle.From(handle.Packed));
                        live.Add(handle);
                    }

                    Assert.Equal(live.Count, slab.Count);
                    Assert.All(live, handle => Assert.Equal(handle.Generation, slab[handle.Slot].Generation));
                }

                Assert.All(dead, handle => Assert.NotEqual(handle.Generation, slab[handle.Slot].Generation));
            },
            iter: 300);

    [Fact]
    public void Handle_OfTheLargestSlotAndGeneration_SurvivesPacking()
    {
        var handle = new LoanHandle(int.MaxValue, uint.MaxValue);
        Assert.Equal(handle, LoanHandle.From(handle.Packed));
    }
}
