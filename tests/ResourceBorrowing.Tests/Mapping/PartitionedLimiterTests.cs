using System.Threading.RateLimiting;
using FsCheck.Xunit;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

public class PartitionedLimiterTests
{
    [Property(MaxTest = 100)]
    public void AnyScript_OnTheFrameworksAndOurs_GivesTheSameAnswers((byte Kind, byte Partition, byte Permits)[] script)
    {
        var (pool, _, _, _) = Pool();
        var participants = pool.Participants;
        using var ours = new ParticipantPartitionedLimiter<int>(i => participants[i]);
        using var theirs = PartitionedRateLimiter.Create<int, int>(static i => RateLimitPartition.GetConcurrencyLimiter(i, static _ => new() { PermitLimit = 10, QueueLimit = 0 }));
        Assert.Equal(Run(theirs), Run(ours));

        List<string> Run(PartitionedRateLimiter<int> limiter)
        {
            var answers = new List<string>();
            var leases = new List<RateLimitLease>();
            foreach (var (kind, place, permits) in script)
            {
                var partition = place % 2;
                if (kind % 3 == 2 && leases.Count > 0) leases[permits % leases.Count].Dispose();
                else
                {
                    var lease = kind % 3 == 0 ? limiter.AttemptAcquire(partition, permits % 11) : limiter.AcquireAsync(partition, 1 + permits % 10).AsTask().Result;
                    answers.Add($"{lease.IsAcquired}");
                    if (lease.IsAcquired) leases.Add(lease);
                }

                var statistics = limiter.GetStatistics(partition)!;
                answers.Add($"{statistics.CurrentAvailablePermits} {statistics.TotalSuccessfulLeases} {statistics.TotalFailedLeases}");
            }

            return answers;
        }
    }

    [Fact]
    public async Task Dispose_FailsItsOwnWaitersAndRefusesOthers()
    {
        var (_, a, _, _) = TestPool.Of30();
        var limiter = new ParticipantPartitionedLimiter<string>(_ => a);
        using var other = new ParticipantConcurrencyLimiter(a);
        var held = await limiter.AcquireAsync("x", 10);
        var (wait, others) = (limiter.AcquireAsync("x"), other.AcquireAsync());
        await limiter.DisposeAsync();
        Assert.False((await wait.AsTask().Within()).IsAcquired);
        Assert.Throws<ObjectDisposedException>(() => limiter.AttemptAcquire("x"));
        held.Dispose();
        Assert.True((await others.AsTask().Within()).IsAcquired);
    }

    [Fact]
    public async Task Partition_OfAParticipantThatComesBack_IsANewOne()
    {
        var (pool, a, _, _) = TestPool.Of30();
        using var limiter = new ParticipantPartitionedLimiter<string>(name => pool[name]);
        using var held = limiter.AttemptAcquire("a");
        pool.Add(new ParticipantOptions { Name = "c", NominalQuota = 5 });
        limiter.AttemptAcquire("c", 5).Dispose();
        await pool.RemoveAsync("c").Within();
        Assert.Throws<KeyNotFoundException>(() => limiter.AttemptAcquire("c"));
        pool.Add(new ParticipantOptions { Name = "c", NominalQuota = 3 });
        using var again = limiter.AttemptAcquire("c", 3);
        Assert.True(again.IsAcquired);
        Assert.Equal(1, limiter.GetStatistics("c")!.TotalSuccessfulLeases);
        Assert.Equal(1, a.InUse);
    }

    private static (ResourcePool Pool, Participant A, Participant B, object Time) Pool() =>
        TestPool.Of30(static o =>
        {
            foreach (var participant in o.Participants) (participant.QueueLimit, participant.BorrowingLimit, participant.LendingLimit) = (0, 0, 0);
        });
}
