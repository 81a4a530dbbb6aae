using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>The most that was demanded of late: never of a shorter time than asked for, and of one part in eight more at the most.</summary>
public class IdleWatchTests
{
    [Property(MaxTest = 500)]
    public void Most_OfASpan_IsOfAllPeriodsInIt_AndOfNoneLongBefore(DoNotSize<int> seed)
    {
        var (watch, random) = (new IdleWatch(), new Random(seed.Item));
        var (span, now) = (-1L, (long)random.Next(0, 100));
        var (since, all) = (0L, new List<(long At, int Most)>());
        for (var step = 0; step < 120; step++)
        {
            if (step == 0 || random.Next(60) == 0)
            {
                var other = random.Next(4) == 0 ? random.Next(1, 9) : random.Next(1, 200);
                if (other != span) (span, since, all) = (other, now, []);
            }

            // Mostly small, so that what has passed shows.
            var most = random.Next(5) == 0 ? random.Next(0, 1_000) : random.Next(0, 10);
            watch.Add(most, now, span);
            all.Add((now, most));
            Assert.Equal(now - span >= since, watch.TryGet(now, span, out var found));
            if (now - span < since) Assert.Equal(0, found);
            else
            {
                var part = (span + 7) / 8;
                Assert.InRange(found, Most(now - span), Most(now - 9 * part));
            }

            now += random.Next(20) == 0 ? random.NextInt64(0, 12 * span) : random.NextInt64(0, 1 + span / 4);
        }

        int Most(long from) => all.Where(a => a.At >= from).Max(static a => a.Most);
    }

    /// <summary>A period of each millisecond, all of them falling: only those that are past may be forgotten, and each of them soon is.</summary>
    [Theory]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    [InlineData(80, 10)]
    [InlineData(1, 1)]
    public void Demand_ThatFalls_IsForgottenAfterTheSpan_AndNoLaterThanAPartOfItLonger(long span, long part)
    {
        var watch = new IdleWatch();
        for (var now = 0; now < 1_000; now++)
        {
            watch.Add(1_000 - now, now, span);
            Assert.Equal(now >= span, watch.TryGet(now, span, out var most));
            if (now >= span) Assert.InRange(1_000 - most, Math.Max(0, now - 9 * part + 1), now - span);
        }
    }

    [Fact]
    public void Span_ThatChanges_BeginsAnew()
    {
        var watch = new IdleWatch();
        Assert.False(watch.TryGet(0, 80, out _));
        for (var now = 0; now <= 85; now++) watch.Add(500, now, 80);
        Assert.True(watch.TryGet(85, 80, out var most));
        Assert.Equal(500, most);
        // Of another span nothing is known.
        Assert.False(watch.TryGet(85, 81, out most));
        Assert.Equal(0, most);
        for (var now = 86; now <= 886; now++)
        {
            watch.Add(3, now, 800);
            Assert.Equal(now == 886, watch.TryGet(now, 800, out most));
        }

        Assert.Equal(3, most);
    }

    /// <summary>Even where no period has ended since.</summary>
    [Fact]
    public void Span_ThatChanges_LeavesNothingOfWhatWasKept()
    {
        var watch = new IdleWatch();
        for (var now = 0; now <= 85; now++) watch.Add(500, now, 80);
        watch.Add(3, 86, 800);
        Assert.True(watch.TryGet(886, 800, out var most));
        Assert.Equal(3, most);
    }

    /// <summary>A period that ended before another that was told first counts as that one's time.</summary>
    [Fact]
    public void Time_ThatRunsBackwards_ForgetsNothing()
    {
        var watch = new IdleWatch();
        watch.Add(1, 0, 80);
        watch.Add(7, 100, 80);
        watch.Add(9, 5, 80);
        watch.Add(2, 101, 80);
        Assert.True(watch.TryGet(101, 80, out var most));
        Assert.Equal(9, most);
        watch.Add(1, 189, 80);
        Assert.True(watch.TryGet(189, 80, out most));
        Assert.Equal(9, most);
        watch.Add(1, 190, 80);
        Assert.True(watch.TryGet(190, 80, out most));
        Assert.Equal(1, most);
    }

    [Fact]
    public void NoSpan_IsTheLastPeriod()
    {
        var watch = new IdleWatch();
        foreach (var (most, now) in new[] { (9, 5L), (4, 14), (2, 30) })
        {
            watch.Add(most, now, 0);
            Assert.True(watch.TryGet(now, 0, out var found));
            Assert.Equal(most, found);
        }
    }
}
