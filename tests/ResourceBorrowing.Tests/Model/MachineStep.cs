using FsCheck;
using FsCheck.Fluent;

namespace ResourceBorrowing.Tests.Model;

/// <summary>What a step does; which numbers it looks at depends on that.</summary>
public enum MachineKind
{
    Acquire,
    Release,
    Borrow,
    BorrowFromReserve,
    BorrowFromAnyone,
    Return,
    ReturnPart,
    Renew,
    RecallLoan,
    RecallParticipant,
    WriteOff,
    Advance,
    Jump,
    Requota,
}

/// <summary>One thing that somebody does to the pool and to the model. Any numbers make sense, so any shorter list of steps is a test too.</summary>
/// <param name="Kind">What.</param>
/// <param name="Who">Which participant, loan or lease.</param>
/// <param name="Other">Which other participant.</param>
/// <param name="Units">How many.</param>
/// <param name="Time">How long: milliseconds of a short span, minutes of a jump or of a long loan.</param>
/// <param name="Terms">On which terms.</param>
public sealed record MachineStep(MachineKind Kind, int Who, int Other, int Units, int Time, int Terms);

/// <summary>Lists of steps that shrink: by leaving parts out, and by making numbers smaller.</summary>
public static class MachineSteps
{
    private static readonly MachineKind[] Kinds =
    [
        .. Enum.GetValues<MachineKind>(), MachineKind.Acquire, MachineKind.Acquire, MachineKind.Release, MachineKind.Borrow, MachineKind.Borrow, MachineKind.Advance,
    ];

    public static Arbitrary<MachineStep[]> Steps()
    {
        var step =
            from kind in Gen.Elements(Kinds)
            from who in Gen.Choose(0, 11)
            from other in Gen.Choose(0, 11)
            from units in Gen.OneOf(Gen.Choose(1, 4), Gen.Choose(1, 14))
            from time in Gen.OneOf(Gen.Elements(1, 10, 20, 50, 1_000, 40_000), Gen.Choose(1, 60), Gen.Choose(1, 5_000), Gen.Choose(1, 30_000))
            from terms in Gen.Choose(0, 11)
            select new MachineStep(kind, who, other, units, time, terms);
        return Arb.From(step.ArrayOf(), Shrink);
    }

    private static IEnumerable<MachineStep[]> Shrink(MachineStep[] steps)
    {
        for (var length = steps.Length; length > 0; length /= 2)
            for (var start = 0; start < steps.Length; start += length)
                yield return [.. steps[..start], .. steps[Math.Min(steps.Length, start + length)..]];

        for (var i = 0; i < steps.Length; i++)
            foreach (var smaller in Shrink(steps[i]))
                yield return [.. steps[..i], smaller, .. steps[(i + 1)..]];
    }

    private static IEnumerable<MachineStep> Shrink(MachineStep step)
    {
        if (step.Who > 0) yield return step with { Who = step.Who - 1 };
        if (step.Other > 0) yield return step with { Other = step.Other - 1 };
        if (step.Units > 1) yield return step with { Units = step.Units - 1 };
        if (step.Terms > 0) yield return step with { Terms = 0 };
        if (step.Time > 1) yield return step with { Time = 1 };
        if (step.Time > 1) yield return step with { Time = step.Time / 2 };
        if (step.Time > 1) yield return step with { Time = step.Time - 1 };
    }
}
