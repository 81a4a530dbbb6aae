using ResourceBorrowing.Benchmarks.Rivals;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>A due time among hundreds of thousands, in the wheel against a timer of the system's.</summary>
/// <param name="isCancel">Whether cancelling is measured, or scheduling.</param>
/// <param name="most">The ratio that is allowed.</param>
internal sealed class ScheduleGate(bool isCancel, double most) : Gate($"schedule/{(isCancel ? "cancel" : "schedule")}", Bound.AtMost(most))
{
    private const int Rounds = 150;
    private const int Turned = 10_000;

    internal override Reading Measure()
    {
        DueTimes wheel = new WheelDueTimes(), timers = new SystemTimers();
        wheel.Fill();
        timers.Fill();
        Slices.WarmUp(() => wheel.Turn(Workload.Operations), () => timers.Turn(Workload.Operations));
        var reading = Slices.Ratio(() => Part(wheel.Turn(Turned)), () => Part(timers.Turn(Turned)), Rounds);
        timers.Clear();
        return reading;
    }

    private double Part((double Cancel, double Schedule) turn) => isCancel ? turn.Cancel : turn.Schedule;
}
