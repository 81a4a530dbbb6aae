using ResourceBorrowing.Market;
using ResourceBorrowing.Simulator.Model;
using ResourceBorrowing.Simulator.Quanta;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>
/// Ours: the library's own pool, loan book and reputation, in virtual time. Callers only call <see cref="Participant.AcquireAsync(int, CancellationToken)"/>; what a
/// participant misses is borrowed on demand.
/// </summary>
internal sealed class BorrowingHost : Host, IDisposable
{
    // Of one participant, as a marketplace allows.
    private const long MostCredits = 1_000_000_000;

    private readonly VirtualTime _time = new();
    private readonly Continuations _continuations = new();
    private readonly ResourcePool _pool;
    private readonly MoveCount _moves;
    private readonly IReadOnlyList<Participant> _participants;
    private readonly PriorityQueue<(ResourceLease Lease, int Participant), (long At, long Order)> _ends = new();
    private readonly Queue<Waiting> _waiting = new();
    private CancellationTokenSource _spare = new();
    private readonly decimal _credits;
    private int _inUseOfAll;
    private long _order;

    internal BorrowingHost(Scenario scenario, bool balances = false, bool foresees = false, bool trades = false) : base(scenario)
    {
        var options = new ResourcePoolOptions { Capacity = scenario.Capacity };
        if (balances) options.Balancing.Mode = BalancingMode.On;
        if (foresees)
        {
            options.Forecasting.IsEnabled = true;
            options.Forecasting.Step = scenario.Model.StepLength;
            foreach (var season in scenario.Model.Seasons) options.Forecasting.Seasons.Add(season * scenario.Model.StepLength);
        }

        if (trades)
        {
            options.Marketplace.IsEnabled = true;
            options.Marketplace.UseMechanism(new Karma());
            options.Marketplace.InitialCredits = Math.Min(MostCredits, QuantumTerms.CreditsPerUnit * Math.Max(1, scenario.Capacity / scenario.Names.Count));
            options.Marketplace.RoundPeriod = options.PlanningPeriod;
        }

        for (var i = 0; i < scenario.Names.Count; i++)
        {
            var quota = scenario.Quotas[i];
            options.AddParticipant(scenario.Names[i], quota, participant =>
            {
                participant.LendingLimit = (int)(quota * scenario.Model.LendingPart);
                // As with all rivals, callers leave a queue when they are too late, and for no other reason.
                participant.QueueLimit = int.MaxValue;
            });
        }

        _pool = new ResourcePool(options, _time, reputationPolicy: null, loggerFactory: null, meterFactory: null, signals: null, shards: 1);
        _participants = _pool.Participants;
        _credits = _pool.MarketOrNone?.CreditsInCirculation ?? 0;
        _moves = new MoveCount(_pool);
    }

    internal override void Arrive(in Request request)
    {
        _time.Now = request.At;
        var arrived = request;
        InContext(() => Ask(arrived));
    }

    internal override void AdvanceTo(long time) => InContext(() =>
    {
        while (true)
        {
            // At one instant units are given back first, so that whoever would give up then still gets them.
            var end = _ends.TryPeek(out _, out var first) ? first.At : long.MaxValue;
            var timer = _time.NextDue;
            while (_waiting.TryPeek(out var front) && front.IsOver) _waiting.Dequeue();
            var lateAt = _waiting.TryPeek(out var late) ? late.LateAt : long.MaxValue;
            var next = Math.Min(end, Math.Min(timer, lateAt));
            if (next > time) break;
            _time.Now = Math.Max(_time.Now, next);
            if (end == next) End();
            else if (timer == next) _time.Fire();
            else _waiting.Dequeue().Source.Cancel();
            _continuations.Run();
        }

        _time.Now = time;
    });

    internal override int AllocationOf(int participant) => _participants[participant].Allocation;

    internal override int InUseOf(int participant) => _participants[participant].InUse;

    internal override double ScoreOf(int participant) => _participants[participant].Reputation;

    internal override void EndStep(long now)
    {
        base.EndStep(now);
        _moves.Read();
        if (Scenario.Model.Adversary == AdversaryKind.Badmouth) SpeakIll(_participants[Scenario.Adversary]);
    }

    /// <summary>Of everybody, of the worst, as often as it is let.</summary>
    private void SpeakIll(Participant adversary)
    {
        foreach (var other in _participants)
            if (other != adversary) adversary.Report(other, ReportReason.Instability);
    }

    internal override void Finish(long now)
    {
        base.Finish(now);
        var rest = _pool.Snapshot();
        if (rest.Participants.Sum(static p => p.Allocation) + rest.Reserve.Allocation != rest.Capacity)
            throw new InvalidOperationException($"The allocations do not add up to the capacity:\n{rest}");
        if (_pool.MarketOrNone is { } market && market.CreditsInCirculation != _credits)
            throw new InvalidOperationException($"There are {market.CreditsInCirculation} credits, not {_credits}.");
        _pool.Dispose();
        _moves.ReadToEnd();
        Tally.Moved = _moves.Units;
    }

    public void Dispose()
    {
        _pool.Dispose();
        _spare.Dispose();
    }

    private void InContext(Action action)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_continuations);
        try
        {
            action();
            _continuations.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private void Ask(in Request request)
    {
        var participant = _participants[request.Participant];
        var wasLending = participant.Lent > 0;
        var asked = participant.AcquireAsync(1, _spare.Token);
        if (asked.IsCompleted)
        {
            Answer(request, asked.Result, wasLending);
            return;
        }

        var waiting = new Waiting(_spare, request.At + Scenario.Model.PatienceTicks);
        _spare = new CancellationTokenSource();
        _waiting.Enqueue(waiting);
        _ = WaitAsync(asked, request, waiting, wasLending);
    }

    private async Task WaitAsync(ValueTask<ResourceLease> asked, Request request, Waiting waiting, bool wasLending)
    {
        try
        {
            Answer(request, await asked, wasLending);
        }
        catch (OperationCanceledException)
        {
            Tally.GiveUp(request, wasLending);
        }
        finally
        {
            waiting.IsOver = true;
        }
    }

    private void Answer(in Request request, ResourceLease lease, bool wasLending)
    {
        if (!lease.IsAcquired)
        {
            Tally.GiveUp(request, wasLending);
            return;
        }

        _inUseOfAll++;
        if (request.Hold != Request.Forever) _ends.Enqueue((lease, request.Participant), (_time.Now + request.Hold, _order++));
        Tally.Start(request, _time.Now - request.At, wasLending, _time.Now, InUseOf(request.Participant), _inUseOfAll);
    }

    private void End()
    {
        _inUseOfAll--;
        _ends.Dequeue().Lease.Dispose();
    }

    /// <summary>A request in a queue.</summary>
    private sealed class Waiting(CancellationTokenSource source, long lateAt)
    {
        internal CancellationTokenSource Source { get; } = source;

        internal long LateAt { get; } = lateAt;

        internal bool IsOver { get; set; }
    }
}
