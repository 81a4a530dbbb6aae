using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.Tests.Forecasting;

public class AlarmRecordTests
{
    /// <summary>
    /// An alarm is right when the line is passed in one of the steps of the window after it; it is wrong when none does; one whose window is not over, or was cut by a gap, is neither.
    /// </summary>
    [Property(MaxTest = 150)]
    public void Alarms_AreRight_WhenTheLineIsPassedInTheWindow(DoNotSize<int> seed)
    {
        var (record, random) = (new AlarmRecord(), new Random(seed.Item));
        var (open, known) = (new List<int>(), new List<bool>());
        var (calm, eager) = (random.Next(2, 40), random.Next(1, 8));
        for (var step = 0; step < 400; step++)
        {
            if (random.Next(60) == 0)
            {
                record.Forget();
                open.Clear();
            }

            if (random.Next(100) == 0)
            {
                // Another process goes on from here; alarms that are open stay without an answer.
                var saved = record.Outcomes();
                record = new AlarmRecord();
                if (random.Next(2) == 0)
                {
                    // It has a past of its own, which is forgotten.
                    for (var i = 0; i < 200; i++) record.Observe(i % 3 == 0, isAlarm: true);
                }

                record.Load(saved);
                (open, known) = ([], [.. saved]);
            }

            var (isAbove, isAlarm) = (random.Next(calm) == 0, random.Next(eager) == 0);
            record.Observe(isAbove, isAlarm);
            foreach (var raised in open.ToArray())
            {
                if (!isAbove && step - raised < DemandQuantiles.Window) continue;
                known.Add(isAbove);
                open.Remove(raised);
            }

            if (isAlarm && !isAbove) open.Add(step);
            var remembered = known.TakeLast(AlarmRecord.Remembered).ToArray();
            Assert.Equal(remembered, record.Outcomes());
            Assert.Equal(remembered.Length, record.Known);
            var precision = remembered.Length == 0 ? 0 : remembered.Count(static r => r) / (double)remembered.Length;
            Assert.Equal(precision, record.Precision);
            Assert.Equal(remembered.Length >= 10 && precision >= 0.6, record.IsTrusted);
            Assert.Equal(remembered.Length >= 10 && precision < 0.6, record.IsRefuted);
        }
    }

    /// <summary>At the very bounds: ten of which six were right.</summary>
    [Theory]
    [InlineData(6, 4, true, false)]
    [InlineData(6, 3, false, false)]
    [InlineData(5, 5, false, true)]
    [InlineData(0, 9, false, false)]
    [InlineData(0, 10, false, true)]
    [InlineData(30, 20, true, false)]
    [InlineData(29, 21, false, true)]
    public void Record_OfTenAlarmsOrMore_IsTrustedFromThreeInFive_AndRefutedBelow(int right, int wrong, bool isTrusted, bool isRefuted)
    {
        var record = new AlarmRecord();
        record.Load([.. Enumerable.Repeat(true, right), .. Enumerable.Repeat(false, wrong)]);
        Assert.Equal((right + wrong, isTrusted, isRefuted), (record.Known, record.IsTrusted, record.IsRefuted));
        Assert.Equal(right / (double)(right + wrong), record.Precision);
    }

    /// <summary>More outcomes than are remembered: the last of them count.</summary>
    [Fact]
    public void Load_OfMoreThanAreRemembered_KeepsTheLast()
    {
        var record = new AlarmRecord();
        record.Load([.. Enumerable.Repeat(true, 40), .. Enumerable.Repeat(false, 40)]);
        Assert.Equal((50, 0.2), (record.Known, record.Precision));
        Assert.Equal([.. Enumerable.Repeat(true, 10), .. Enumerable.Repeat(false, 40)], record.Outcomes());
    }
}
