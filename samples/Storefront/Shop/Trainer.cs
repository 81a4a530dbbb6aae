using System.Diagnostics;
using ResourceBorrowing;

namespace Storefront.Shop;

/// <summary>
/// The subsystem of act two: it trains models in batches, on units that it borrows. First it takes little, and returns it in time or when it is wanted back;
/// later it takes all it can get, keeps it past the term whoever asks for it, and burns the processors meanwhile.
/// </summary>
internal sealed class Trainer(ResourcePool pool)
{
    internal const string Name = "recommender-training";

    /// <summary>What it owns; it lends nothing.</summary>
    internal const int Units = 4;

    /// <summary>The term it asks for.</summary>
    internal static readonly TimeSpan Term = TimeSpan.FromSeconds(4);

    /// <summary>How long it keeps what it borrowed once it is greedy: beyond the grace period of 10 s for units that are recalled at once, within it for others.</summary>
    internal static readonly TimeSpan GreedyHold = TimeSpan.FromSeconds(12);

    /// <summary>Of whom it borrows.</summary>
    internal static readonly IReadOnlyList<int> Lenders = [.. Enumerable.Range(0, Subsystem.All.Count).Where(static i => !Subsystem.All[i].KeepsToItselfInActTwo)];

    // Time enough to stop and return what is wanted back.
    private static readonly LoanTerms Terms = new() { Notice = TimeSpan.FromMilliseconds(500) };

    private const int ModestLenders = 2;
    private const int ModestUnits = 1;
    private static readonly TimeSpan ModestHold = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(10);

    // A part of each of some processors: it is felt, and the machine stays usable.
    private static readonly int Burners = Math.Max(1, Environment.ProcessorCount / 4);
    private const double GreedyPart = 0.6;
    private const double ModestPart = 0.1;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    private readonly Participant _self = pool[Name];
    private readonly List<TrainingBatch> _batches = [];
    private int _turn;

    /// <summary>Trains until it is stopped.</summary>
    /// <param name="began">The timestamp from which times are counted.</param>
    /// <param name="greedyFrom">When it turns greedy.</param>
    /// <param name="stop">When to end; what it holds then is returned.</param>
    internal async Task<IReadOnlyList<TrainingBatch>> RunAsync(long began, TimeSpan greedyFrom, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var isGreedy = Stopwatch.GetElapsedTime(began) >= greedyFrom;
                _batches.Add(await TrainAsync(isGreedy, began, stop));
                await Task.Delay(Pause, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // It was to end.
        }

        return _batches;
    }

    private async Task<TrainingBatch> TrainAsync(bool isGreedy, long began, CancellationToken stop)
    {
        var at = Stopwatch.GetElapsedTime(began);
        // What it has and does not use would go back as soon as it is wanted, so it uses all at once.
        var leases = new List<ResourceLease>();
        var (loans, refusals) = await BorrowAsync(isGreedy, leases, stop);
        using var end = CancellationTokenSource.CreateLinkedTokenSource([stop, .. isGreedy ? [] : loans.Select(static l => l.RecallToken)]);
        var (hold, part) = !isGreedy ? (ModestHold, ModestPart) : loans.Count > 0 ? (GreedyHold, GreedyPart) : (TimeSpan.Zero, 0);
        var held = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Burners).Select(_ => BurnAsync(hold, part, end.Token)));
        foreach (var lease in leases) lease.Dispose();
        foreach (var loan in loans) loan.Dispose();
        _self.RecordOutcome(Stopwatch.GetElapsedTime(held), failed: loans.Count == 0);
        return new TrainingBatch(at, Stopwatch.GetElapsedTime(began), isGreedy, loans.Count, refusals);
    }

    private async Task<(List<Loan> Loans, List<RefusalReason> Refusals)> BorrowAsync(bool isGreedy, List<ResourceLease> leases, CancellationToken stop)
    {
        var lenders = isGreedy ? Lenders : [.. Enumerable.Range(0, ModestLenders).Select(_ => Lenders[_turn++ % Lenders.Count])];
        // Unit by unit, for a busy lender rarely has several to spare.
        var missing = lenders.ToDictionary(static l => l, l => isGreedy ? Subsystem.All[l].Units / 2 : ModestUnits);
        var refused = lenders.ToDictionary(static l => l, static _ => RefusalReason.None);
        var loans = new List<Loan>();
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (var lender in refused.Keys.Where(l => !TrainingBatch.IsForItsConduct(refused[l])).ToArray())
            {
                var loan = _self.TryBorrow(new LoanRequest(1) { Lender = pool[Subsystem.All[lender].Name], Duration = Term, Terms = Terms });
                refused[lender] = loan.Refusal;
                if (!loan.IsGranted) continue;
                loans.Add(loan);
                if (--missing[lender] == 0) refused.Remove(lender);
                while (_self.TryAcquire() is { IsAcquired: true } lease) leases.Add(lease);
            }

            // Who is busy now may have something in a moment.
            if (!isGreedy || refused.Values.All(TrainingBatch.IsForItsConduct) || Stopwatch.GetElapsedTime(began) >= Patience) return (loans, [.. refused.Values]);
            await Task.Delay(Retry, stop);
        }
    }

    private static Task BurnAsync(TimeSpan time, double part, CancellationToken end) => Task.Factory.StartNew(
        () =>
        {
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < time && !end.IsCancellationRequested)
            {
                var slice = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(slice) < part * Slice) Thread.SpinWait(100);
                Thread.Sleep((1 - part) * Slice);
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

/// <summary>One batch of training.</summary>
/// <param name="At">When it asked for its loans.</param>
/// <param name="ReturnedAt">When it had returned all.</param>
/// <param name="IsGreedy">Whether it took all and kept it.</param>
/// <param name="Loans">Loans granted, each of one unit.</param>
/// <param name="Refusals">Why each lender gave it nothing more, in the end.</param>
internal sealed record TrainingBatch(TimeSpan At, TimeSpan ReturnedAt, bool IsGreedy, int Loans, IReadOnlyList<RefusalReason> Refusals)
{
    /// <summary>Whether a refusal is for what the borrower has done.</summary>
    internal static bool IsForItsConduct(RefusalReason reason) => reason is RefusalReason.Reputation or RefusalReason.CreditLine or RefusalReason.BorrowerOwesDebt;
}
