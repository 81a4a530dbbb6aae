using ResourceBorrowing;
using Storefront.Shop;

namespace Storefront.Measurement;

/// <summary>What became of the loans, counted from the pool's events.</summary>
/// <param name="Counts">For each subsystem.</param>
/// <param name="Dropped">Events that were not seen, because the counting was too slow: the counts are too low by up to that.</param>
internal sealed record LoanTally(IReadOnlyList<LoanCounts> Counts, long Dropped)
{
    /// <summary>Counts from now until the pool is disposed.</summary>
    /// <param name="pool">Whose loans; none may have been made before.</param>
    /// <param name="term">The term of its loans: an end before it is an early one.</param>
    internal static async Task<LoanTally> CountAsync(ResourcePool pool, TimeSpan term)
    {
        var counts = Subsystem.All.ToDictionary(static s => s.Name, static _ => new LoanCounts());
        var running = new Dictionary<(int Shard, long Loan), TimeSpan>();
        long dropped = 0;
        await foreach (var happened in pool.ReadEventsAsync())
        {
            var loan = (happened.Shard, happened.Loan);
            switch (happened.Kind)
            {
                case PoolEventKind.Granted:
                    running[loan] = happened.At + term;
                    counts[happened.Participant].Taken++;
                    counts[happened.Participant].UnitsTaken += happened.Units;
                    counts[happened.Lender!].Given++;
                    break;
                // A plan's loan goes on until a plan, or somebody who is short, ends it.
                case PoolEventKind.Renewed when running.ContainsKey(loan):
                    running[loan] = happened.At + term;
                    break;
                case PoolEventKind.Recalled:
                    running.Remove(loan);
                    counts[happened.Participant].Recalled++;
                    counts[happened.Lender!].Recalls++;
                    break;
                // A recalled loan ends as well, and has been counted.
                case PoolEventKind.Ended when running.Remove(loan, out var due):
                    if (happened.At < due) counts[happened.Participant].ReturnedEarly++; else counts[happened.Participant].Expired++;
                    break;
                case PoolEventKind.Overdue:
                    counts[happened.Participant].Overdue++;
                    break;
                case PoolEventKind.Dropped:
                    dropped += happened.Units;
                    break;
            }
        }

        return new LoanTally([.. Subsystem.All.Select(s => counts[s.Name])], dropped);
    }
}
