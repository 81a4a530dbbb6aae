namespace ResourceBorrowing;

/// <summary>A lease that has not been disposed, in a pool that tracks leases.</summary>
/// <param name="Participant">Whose units it holds.</param>
/// <param name="Units">How many.</param>
/// <param name="Taken">When, in pool time.</param>
/// <param name="Age">How long ago.</param>
/// <param name="StackTrace">Where; for a lease that was waited for, where its result was fetched.</param>
public sealed record TrackedLease(string Participant, int Units, TimeSpan Taken, TimeSpan Age, string StackTrace);
