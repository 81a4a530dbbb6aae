using ResourceBorrowing.Market;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>One quantum of Karma for all participants, with demands drawn anew each time, in raw pairs; or the bytes it allocates.</summary>
internal sealed class KarmaGate(int participants, Bound bound) : Gate($"karma/{(bound.Unit == "B" ? "bytes" : $"participants={participants}")}", bound)
{
    private const int FairShare = 10;
    private const int Quanta = 16;
    private const long Credits = 100_000;

    internal override Reading Measure()
    {
        var random = new Random(7);
        var karma = new KarmaQuantum(new KarmaRules(0.5m, HasFreeCredits: true), [.. Enumerable.Repeat(FairShare, participants)]);
        var demands = new long[Quanta][];
        for (var quantum = 0; quantum < Quanta; quantum++) demands[quantum] = [.. Enumerable.Range(0, participants).Select(_ => random.NextInt64(2 * FairShare + 1))];
        var (credits, allocations, house) = (new long[participants], new long[participants], 0L);
        Array.Fill(credits, Credits);
        var batch = new Workload(
            () =>
            {
                foreach (var demand in demands) karma.Run(demand, credits, ref house, allocations);
            },
            Quanta);
        if (Bound.Unit != "B") return Slices.Ratio(batch, AcquireReleaseGate.RawPair());
        batch.Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        batch.Run();
        return new Reading(GC.GetAllocatedBytesForCurrentThread() - before, $"{Quanta} quanta of {participants}");
    }
}
