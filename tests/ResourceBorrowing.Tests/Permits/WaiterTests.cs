using ResourceBorrowing.Permits;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Permits;

[Collection(RealThreads.Name)]
public class WaiterTests
{
    [Fact]
    public void TryDecide_ByTwoAtOnce_IsWonByOne()
    {
        var meeting = new Race.Meeting();
        var waiters = new Undecided[64];
        var won = new bool[2, waiters.Length];
        Race.Run(
            5_000,
            prepare: () =>
            {
                meeting.Begin();
                for (var i = 0; i < waiters.Length; i++) waiters[i] = new Undecided();
            },
            check: () =>
            {
                for (var i = 0; i < waiters.Length; i++)
                {
                    Assert.True(won[0, i] != won[1, i], $"won by {(won[0, i] ? "both" : "nobody")}");
                    Assert.Equal(won[0, i] ? WaitOutcome.Granted : WaitOutcome.Cancelled, waiters[i].Outcome);
                }
            },
            () => Decide(0, WaitOutcome.Granted),
            () => Decide(1, WaitOutcome.Cancelled));

        void Decide(int who, WaitOutcome outcome)
        {
            for (var i = 0; i < waiters.Length; i++)
            {
                meeting.At(who, i);
                won[who, i] = waiters[i].TryDecide(outcome);
            }
        }
    }

    private sealed class Undecided : Waiter
    {
        internal override void Complete()
        {
        }
    }
}
