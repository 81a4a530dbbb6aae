using ResourceBorrowing.Permits;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Permits;

[Collection(RealThreads.Name)]
public class CombinerTests
{
    [Fact]
    public void Requests_OfSeveralThreads_AreAllSeenByAPassAndByOneAtATime()
    {
        var combiner = new Combiner();
        int asked = 0, seen = 0, inside = 0, most = 0;
        Race.Run(300_000, prepare: static () => { }, check: () => Assert.Equal((asked, 0, 1), (seen, inside, most)), Ask, Ask);

        void Ask()
        {
            // Few, for only a request that is the last one shows that it was lost.
            for (var i = 0; i < 2; i++)
            {
                Interlocked.Increment(ref asked);
                if (!combiner.Enter()) continue;
                do
                {
                    most = Math.Max(most, ++inside);
                    seen = Volatile.Read(ref asked);
                    inside--;
                }
                while (!combiner.Exit());
            }
        }
    }

    [Fact]
    public void Request_BesideAnExit_IsSeenByAPass()
    {
        var meeting = new Race.Meeting();
        var combiners = new Combiner[64];
        var asked = new int[combiners.Length];
        var seen = new int[combiners.Length];
        Race.Run(
            5_000,
            prepare: () =>
            {
                meeting.Begin();
                Array.Clear(combiners);
                Array.Clear(asked);
                Array.Clear(seen);
            },
            check: () => Assert.Equal(asked, seen),
            () => Ask(0), () => Ask(1));

        void Ask(int who)
        {
            for (var i = 0; i < combiners.Length; i++)
            {
                meeting.At(who, i);
                Interlocked.Increment(ref asked[i]);
                if (!combiners[i].Enter()) continue;
                do seen[i] = Volatile.Read(ref asked[i]); while (!combiners[i].Exit());
            }
        }
    }

    [Fact]
    public void Exit_AfterAnotherRequest_AsksForOneMorePass()
    {
        var combiner = new Combiner();
        Assert.True(combiner.Enter());
        Assert.False(combiner.Enter());
        Assert.False(combiner.Enter());
        Assert.False(combiner.Exit());
        Assert.True(combiner.Exit());
        Assert.True(combiner.Enter());
    }
}
