namespace ResourceBorrowing.Tests;

public class RefusalTests
{
    [Fact]
    public void Layout_OfThePackedNumber_FitsAndLeavesTheSignFree()
    {
        Assert.Equal(Refusal.AskedWidth, Refusal.PossibleShift);
        Assert.Equal(Refusal.PossibleShift + Refusal.PossibleWidth, Refusal.ReasonShift);
        Assert.True(Refusal.ReasonShift + Refusal.ReasonWidth <= 63);
        Assert.All(Enum.GetValues<RefusalReason>(), static reason => Assert.InRange((int)reason, 0, (1 << Refusal.ReasonWidth) - 1));
    }

    [Fact]
    public void Packed_AnyReasonAndNumbers_ComesBackAndSpeaks()
    {
        foreach (var reason in Enum.GetValues<RefusalReason>())
        {
            foreach (var asked in (int[])[0, 1, 77, int.MaxValue])
            {
                foreach (var possible in (int[])[-5, 0, 1, 1 << 20, int.MaxValue])
                {
                    var packed = new Refusal(reason, asked, possible).Packed;
                    Assert.True(packed < 0);
                    Assert.Equal(new Refusal(reason, asked, Math.Clamp(possible, 0, (1 << Refusal.PossibleWidth) - 1)), Refusal.From(packed));
                    Assert.NotEqual(reason.ToString(), Refusal.From(packed).Describe("a"));
                }
            }
        }
    }
}
