namespace ResourceBorrowing.Reputation;

/// <summary>Turns observed behaviour into a reputation. Register your own in the service collection to replace the default.</summary>
/// <remarks>
/// Pure: no state of its own, the same answer for the same arguments, callable from any thread. It is never called under a lock. An
/// exception, or a result that is not a number, is contained, counted and logged, and leaves the participant's record as it was.
/// </remarks>
public interface IReputationPolicy
{
    /// <summary>The record after one more piece of evidence.</summary>
    ReputationRecord Apply(in ReputationRecord record, in Evidence evidence);

    /// <summary>The reputation, 0 to 100, that a record stands for at <paramref name="now"/>; a record without evidence stands for exactly 50.</summary>
    double Score(in ReputationRecord record, TimeSpan now);
}
