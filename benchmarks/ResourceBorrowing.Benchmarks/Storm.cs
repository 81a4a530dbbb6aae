using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Loans made as fast as one thread can, of which every second is returned early and the others fall due.</summary>
internal sealed class Storm(IReadOnlyList<Participant> parties, FakeTimeProvider time)
{
    private const int Batch = 64;

    private readonly ManyLoans _loans = new(parties);

    internal long Loans { get; private set; }

    internal bool IsSettled => _loans is { Outstanding: 0, AreJudged: true };

    internal void Blow()
    {
        for (var i = 0; i < Batch; i += 2)
        {
            _loans.Borrow(ResourcePool.ShortestTerm);
            _loans.Borrow(ResourcePool.LongestTerm).Dispose();
        }

        time.Advance(ResourcePool.ShortestTerm);
        Loans += Batch;
    }
}
