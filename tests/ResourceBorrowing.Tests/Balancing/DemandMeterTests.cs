using CsCheck;
using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Balancing;

namespace ResourceBorrowing.Tests.Balancing;

/// <summary>Demand over time is what counting each millisecond by itself finds.</summary>
public class DemandMeterTests
{
    [Property(MaxTest = 500)]
    public void Periods_OfAnyDemand_AreWhatEachMillisecondAddsUpTo(DoNotSize<int> seed)
    {
        var (meter, random) = (new DemandMeter(), new Random(seed.Item));
        long now = random.Next(1, 1_000), latest = now;
        meter.Look(0, now);
        var (demand, most, moments) = (0, 0, new List<int>());
        for (var step = 0; step < 40; step++)
        {
            // Clocks run backwards too.
            now = latest + random.Next(-3, 8);
            for (; latest < now; latest++) moments.Add(demand);
            if (random.Next(4) > 0)
            {
                demand = random.Next(0, 20);
                most = Math.Max(most, demand);
                meter.Look(demand, now);
                continue;
            }

            var (peak, refused, sample) = (random.Next(0, 25), random.Next(3) == 0 ? random.Next(0, 9) : 0, random.Next(1, 20));
            Assert.Equal(moments.Count == 0, meter.IsEmptyAt(now));
            Assert.Equal(moments.Count > 0, meter.TryEnd(now, peak, refused, sample, out var period));
            if (moments.Count == 0)
            {
                Assert.Equal(default, period);
                continue;
            }

            var (mean, deviation) = ByTheMoment(moments, refused * (double)sample / moments.Count);
            Assert.Equal((Math.Max(most, peak), refused), (period.Most, period.Refused));
            Assert.Equal(mean, period.Mean, 1e-9);
            Assert.Equal(deviation, period.Deviation, 1e-5);
            Assert.Equal(mean + deviation, period.Envelope, 1e-5);
            // What is still demanded is the most of the next period so far.
            (most, moments) = (demand, []);
        }
    }

    [Fact]
    public void Meter_ThatNobodyLookedAt_HasNothingToTell()
    {
        var meter = new DemandMeter();
        Assert.True(meter.IsEmptyAt(100));
        Assert.False(meter.TryEnd(100, 5, 5, 5, out _));
        Assert.True(meter.IsEmptyAt(200));
        meter.Look(3, 200);
        Assert.True(meter.IsEmptyAt(200));
        Assert.False(meter.IsEmptyAt(201));
        Assert.True(meter.TryEnd(201, 0, 0, 5, out var period));
        Assert.Equal(new DemandPeriod(3, 3, 0, 0), period);
    }

    /// <summary>Time that has been counted is told even at an instant before it.</summary>
    [Fact]
    public void Time_ThatWasCounted_IsNotEmpty_WhateverTheClockSays()
    {
        var meter = new DemandMeter();
        meter.Look(3, 100);
        meter.Look(5, 110);
        Assert.False(meter.IsEmptyAt(50));
        Assert.False(meter.IsEmptyAt(110));
        Assert.True(meter.TryEnd(50, 0, 0, 1, out var period));
        Assert.Equal(new DemandPeriod(5, 3, 0, 0), period);
    }

    /// <summary>More units than fit into an integer when squared or added up over days.</summary>
    [Fact]
    public void Demand_OfVeryMany_DoesNotOverflow()
    {
        var meter = new DemandMeter();
        meter.Look(int.MaxValue, 1);
        Assert.True(meter.TryEnd(1 + 1_000L * 86_400_000, 0, 0, 10, out var period));
        Assert.Equal((int.MaxValue, (double)int.MaxValue, 0.0), (period.Most, period.Mean, period.Deviation));
    }

    /// <summary>Upwards at once; downwards by half in each half-life, whether in one step or in many.</summary>
    [Fact]
    public void Envelope_Falling_IsHalvedEachHalfLife_AndRising_IsFollowedAtOnce() => Gen.Select(Gen.Double[0, 100], Gen.Double[0, 100], Gen.Double[0.1, 50], Gen.Double[0.1, 50]).Sample(static (smooth, envelope, time, halfLife) =>
    {
        var next = DemandEnvelope.Next(smooth, envelope, time, halfLife);
        if (envelope >= smooth) Assert.Equal(envelope, next);
        else Assert.InRange(next, envelope, smooth);
        Assert.Equal(next, DemandEnvelope.Next(DemandEnvelope.Next(smooth, envelope, time / 3, halfLife), envelope, 2 * time / 3, halfLife), 1e-9);
        Assert.Equal(Math.Max(envelope, (smooth + envelope) / 2), DemandEnvelope.Next(smooth, envelope, halfLife, halfLife), 1e-9);
        Assert.Equal(Math.Max(envelope, (smooth + 3 * envelope) / 4), DemandEnvelope.Next(smooth, envelope, 2 * halfLife, halfLife), 1e-9);
    });

    /// <summary>Refused units are a demand of their own beside what was in use: less than one unit of it is one for a part of the time, more than one is as much throughout.</summary>
    private static (double Mean, double Deviation) ByTheMoment(List<int> moments, double refused)
    {
        var (mean, square) = (0.0, 0.0);
        foreach (var demand in moments)
        {
            (double Part, double Units)[] cases = refused < 1 ? [(1 - refused, demand), (refused, demand + 1)] : [(1, demand + refused)];
            foreach (var (part, units) in cases)
            {
                mean += part * units / moments.Count;
                square += part * units * units / moments.Count;
            }
        }

        return (mean, Math.Sqrt(Math.Max(0, square - mean * mean)));
    }
}
