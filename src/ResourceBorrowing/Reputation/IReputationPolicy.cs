namespace ResourceBorrowing.Reputation;

/// <summary>Turns observed behaviour into a reputation. Register your own in the service collection to replace the default, <see cref="BetaReputationPolicy"/>.</summary>
/// <remarks>
/// Pure: no state of its own, the same answer for the same arguments, callable from any thread and more than once for one fact. It is never called under a
/// lock. An exception, or a result that is not a number, is contained, counted and logged, and leaves the participant's record as it was.
/// </remarks>
public interface IReputationPolicy
{
    /// <summary>The record after one more piece of evidence.</summary>
    /// <param name="record">Of the participant that the evidence is about.</param>
    /// <param name="evidence">What was observed.</param>
    /// <param name="dealings">What is remembered of the participant and the other party; to be changed, or left alone by a policy that does not care.</param>
    ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings);

    /// <summary>
    /// The record after somebody reported. All opinions are given each time, so the same report twice changes nothing more. Default: reports are not listened to.
    /// </summary>
    /// <param name="record">Of the participant that the opinions are about.</param>
    /// <param name="opinions">What everybody who may speak says of it.</param>
    /// <param name="now">The pool time.</param>
    ReputationRecord ApplyReports(in ReputationRecord record, ReadOnlySpan<Opinion> opinions, TimeSpan now) => record;

    /// <summary>The reputation, 0 to 100, that a record stands for at <paramref name="now"/>; a record without evidence stands for exactly 50.</summary>
    double Score(in ReputationRecord record, TimeSpan now);

    /// <summary>How well it stands with one source at <paramref name="now"/>, 0 to 1; 0.5 without evidence. For explanations only; default 0.5.</summary>
    double ScoreOf(in ReputationRecord record, EvidenceSource source, TimeSpan now) => 0.5;

    /// <summary>The share, 0 to 1, of an amount of evidence that is left after <paramref name="passed"/>; 1 when that is negative. Default 1: nothing fades.</summary>
    /// <remarks>The pool ages records and dealings by it before it asks about them; a policy that does so itself then finds no time passed.</remarks>
    double Fading(TimeSpan passed) => 1;
}
