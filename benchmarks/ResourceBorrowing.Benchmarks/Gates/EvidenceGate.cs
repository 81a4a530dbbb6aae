using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One piece of evidence: judged by the default policy, booked in record, dealings and history, published; the clock goes on between two.</summary>
internal sealed class EvidenceGate(Bound bound) : Gate($"evidence/{(bound.IsTime ? "update" : "bytes")}", bound)
{
    private const int Partners = 16;
    private static readonly string[] Reasons = ["loan returned in time", "loan returned late", "borrowed and returned", "loan honoured"];

    internal override Reading Measure()
    {
        using var pool = Stage.Pool(Partners);
        var standings = pool.Participants.Select(static p => p.Standing).ToArray();
        var made = 0;
        Action batch = () =>
        {
            for (var i = 0; i < Workload.Operations; i++)
            {
                made++;
                var subject = standings[made % Partners];
                var partner = standings[made / Partners % Partners];
                var source = made % Reasons.Length;
                var timely = source == 1 ? 0.9 : 1;
                pool.Reputations.Apply(subject, new Evidence((EvidenceSource)source, 0.1, 1, timely, TimeSpan.FromMilliseconds(made), Reasons[source]), partner);
            }
        };
        if (Bound.IsTime)
        {
            var best = Slices.Best(new Workload(batch));
            return pool["p0"].Standing.Score > Standing.Newcomer ? new Reading(best, $"{made} pieces of evidence") : Reading.Wrong("nothing was judged");
        }

        Slices.WarmUp(batch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) batch();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return new Reading(bytes / (1000.0 * Workload.Operations), $"{bytes} B for {1000 * Workload.Operations} pieces of evidence");
    }
}
