using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Tests.Model;

/// <summary>A pool and its model, to which the same happens; after every step they must agree on everything that can be seen.</summary>
internal sealed class PoolMachine : IDisposable
{
    private const int Capacity = 40;

    // Of one priority each: between loans of one borrower the order of recall is then a matter of age alone.
    private static readonly LoanTerms[] Terms =
    [
        new() { Grace = TimeSpan.FromSeconds(1) },
        new() { Grace = TimeSpan.FromSeconds(1), Priority = 1, IsRecallable = false },
        new() { Grace = TimeSpan.FromMilliseconds(20), Priority = 2, MinimumHold = TimeSpan.FromMilliseconds(50), Notice = TimeSpan.FromMilliseconds(30) },
        new() { Grace = TimeSpan.FromSeconds(1), Priority = 3, MinimumHold = TimeSpan.FromSeconds(2) },
        new() { Grace = TimeSpan.Zero, Priority = -1 },
        new() { Grace = TimeSpan.FromMinutes(10), Priority = 4, Notice = TimeSpan.FromSeconds(3) },
        new() { Grace = TimeSpan.FromSeconds(1), Priority = 5, AutoRenews = true },
        new() { Grace = TimeSpan.FromSeconds(1), Priority = 6, AutoRenews = true, IsRecallable = false },
    ];

    private readonly FakeTimeProvider _time = new();
    private readonly ResourcePool _pool;
    private readonly PoolModel _model;
    private readonly List<(ResourceLease Lease, ModelParty Party, int Units)> _leases = [];
    private readonly List<(Loan Loan, ModelLoan[] Models)> _loans = [];

    internal PoolMachine(int shards)
    {
        _model = new PoolModel(
            Capacity,
            shards,
            new ModelParty("a", 2) { Nominal = 10, Reputation = 45 },
            new ModelParty("b", 3) { Nominal = 8, Reputation = 55, LongestTerm = 20_000_000 },
            new ModelParty("c", 4) { Nominal = 12, Reputation = 70, GrantThreshold = 50 },
            new ModelParty("d", 5) { Nominal = 0, Reputation = 60 });
        var options = new ResourcePoolOptions { Capacity = Capacity, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
        foreach (var party in _model.Participants) options.Participants.Add(OptionsOf(party, party.Nominal));
        _pool = new ResourcePool(options, _time, new Constant(), null, null, null, shards);
        foreach (var party in _model.Participants) _pool[party.Name].Standing.Load(new ReputationRecord().With(EvidenceSource.Return, party.Reputation, 0), party.Reputation, 0, 0, [], []);
        Compare();
    }

    public void Dispose() => _pool.Dispose();

    internal void Do(MachineStep step)
    {
        var party = _model.Participants[step.Who % _model.Participants.Length];
        var (loan, models) = _loans.Count > 0 ? _loans[step.Who % _loans.Count] : (default, []);
        switch (step.Kind)
        {
            case MachineKind.Acquire:
                Acquire(party, step.Units);
                break;
            case MachineKind.Release when _leases.Count > 0:
                Release(step.Who % _leases.Count);
                break;
            case MachineKind.Borrow:
                Borrow(party, _model.Participants[(step.Who + 1 + step.Other % (_model.Participants.Length - 1)) % _model.Participants.Length], step);
                break;
            case MachineKind.BorrowFromReserve:
                Borrow(party, _model.Reserve, step);
                break;
            case MachineKind.BorrowFromAnyone:
                Borrow(party, null, step);
                break;
            case MachineKind.Return:
                loan.Dispose();
                foreach (var model in models) _model.Return(model, int.MaxValue);
                break;
            case MachineKind.ReturnPart:
                Assert.Equal(InParts(models, step.Units, _model.Return), loan.Return(step.Units));
                break;
            case MachineKind.RecallLoan:
                Assert.Equal(InParts(models, step.Units, _model.Recall), loan.Recall(step.Units));
                break;
            case MachineKind.RecallParticipant:
                var lender = step.Other == 0 ? _model.Reserve : party;
                Assert.Equal(_model.Recall(lender, step.Units), Real(lender).Recall(step.Units));
                break;
            case MachineKind.Renew when models.Length > 0:
                var term = TermOf(step);
                var reasons = models.Select(m => _model.Renew(m, term)).ToArray();
                Assert.Equal(Told(reasons), loan.TryRenew(TimeSpan.FromMilliseconds(term)));
                break;
            case MachineKind.WriteOff:
                Assert.Equal(models.Select(_model.WriteOff).ToArray().Contains(true), loan.WriteOff());
                break;
            case MachineKind.Advance:
                Advance(step.Time);
                break;
            case MachineKind.Jump:
                Advance(step.Time * 60_000L);
                break;
            case MachineKind.Requota:
                Requota(party, step.Units);
                break;
        }

        _model.Settle();
        Compare();
    }

    /// <summary>Everybody lets go, and time passes: nothing may be left.</summary>
    internal void End()
    {
        while (_leases.Count > 0) Release(0);
        foreach (var (loan, models) in _loans)
        {
            loan.Dispose();
            foreach (var model in models) _model.Return(model, int.MaxValue);
        }

        // Parts that were recalled with notice are nobody's to return.
        Advance(40L * 24 * 60 * 60 * 1000);
        Compare();
        TestPool.AssertAtRest(_pool);
    }

    private static int InParts(ModelLoan[] loans, int units, Func<ModelLoan, int, int> part)
    {
        var done = 0;
        foreach (var loan in loans)
            if (done < units) done += part(loan, units - done);
        return done;
    }

    /// <summary>The first refusal of a part that goes on; only when none does, that the loan has ended.</summary>
    private static RefusalReason Told(RefusalReason[] reasons) =>
        reasons.All(static r => r == RefusalReason.LoanEnded) ? RefusalReason.LoanEnded
            : reasons.FirstOrDefault(static r => r is not RefusalReason.None and not RefusalReason.LoanEnded);

    private static long TermOf(MachineStep step) => step.Other >= 8 ? step.Time * 60_000L : step.Time;

    private static ParticipantOptions OptionsOf(ModelParty party, int nominal) => new()
    {
        Name = party.Name,
        NominalQuota = nominal,
        BorrowOnDemand = false,
        GrantThreshold = party.GrantThreshold,
        LongestTerm = party.LongestTerm == long.MaxValue ? ResourcePool.LongestTerm : TimeSpan.FromMilliseconds(party.LongestTerm),
    };

    private Participant Real(ModelParty party) => party == _model.Reserve ? _pool.Reserve : _pool[party.Name];

    private void Acquire(ModelParty party, int units)
    {
        if (units > party.Ceiling)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Real(party).TryAcquire(units));
            return;
        }

        var expected = _model.Acquire(party, units);
        var lease = Real(party).TryAcquire(units);
        Assert.Equal(expected, lease.Refusal);
        if (lease.IsAcquired) _leases.Add((lease, party, units));
    }

    private void Release(int place)
    {
        var (lease, party, units) = _leases[place];
        _leases.RemoveAt(place);
        lease.Dispose();
        _model.Release(party, units);
    }

    private void Borrow(ModelParty borrower, ModelParty? lender, MachineStep step)
    {
        // No two loans begin at the same instant, so each is older or younger than another.
        Advance(1);
        var terms = Terms[step.Terms % Terms.Length];
        var term = TermOf(step);
        var made = new List<ModelLoan>();
        var expected = lender is null ? _model.BorrowFromAnyone(borrower, step.Units, term, terms, made) : _model.Borrow(borrower, lender, step.Units, term, terms, made);
        var request = new LoanRequest(step.Units) { Lender = lender is null ? null : Real(lender), Duration = TimeSpan.FromMilliseconds(term), Terms = terms };
        var foreseen = Real(borrower).Evaluate(request);
        var loan = Real(borrower).TryBorrow(request);
        Assert.Equal((expected, expected == RefusalReason.None), (loan.Refusal, loan.IsGranted));
        Assert.Equal((expected, expected == RefusalReason.None), (foreseen.Constraint, foreseen.IsGranted));
        if (loan.IsGranted) _loans.Add((loan, [.. made]));
    }

    private void Advance(long milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _model.Advance(milliseconds);
    }

    private void Requota(ModelParty party, int nominal)
    {
        var isPossible = _model.Requota(party, nominal);
        if (isPossible) _pool.Update(OptionsOf(party, nominal));
        else Assert.Throws<OptionsValidationException>(() => _pool.Update(OptionsOf(party, nominal)));
    }

    private void Compare()
    {
        var snapshot = _pool.Snapshot();
        foreach (var (real, party) in snapshot.Participants.Append(snapshot.Reserve).Zip(_model.All))
        {
            var expected = new ParticipantSnapshot(
                party.Name, party.Nominal, party.Nominal - party.LendingLimit, party.Ceiling, _model.Allocation(party), party.InUse,
                _model.Lent(party), _model.Borrowed(party), _model.Debt(party), 0, party.Reputation);
            Assert.Equal(expected, real);
            Assert.Equal(
                (party.Name, _model.Overdue(party), _model.Incoming(party), _model.Lendable(party)),
                (party.Name, Real(party).Overdue, Real(party).Incoming, Real(party).Lendable));
        }

        Assert.Equal((Capacity, 0, _model.OpenLoans), (snapshot.Capacity, snapshot.Retiring, snapshot.OpenLoans));
        foreach (var (loan, models) in _loans)
        {
            Assert.Equal(models.Where(_model.Exists).Select(static m => m.Status), loan.Status);
            Assert.Equal(models.Any(m => _model.Exists(m) && m.IsLive), loan.IsActive);
        }
    }

    /// <summary>Everybody is what it was made; nothing that happens changes that.</summary>
    private sealed class Constant : IReputationPolicy
    {
        public ReputationRecord Apply(in ReputationRecord record, in Evidence evidence, ref Dealings dealings) => record;

        public double Score(in ReputationRecord record, TimeSpan now) => record.For(EvidenceSource.Return) is var score and > 0 ? score : 50;
    }
}
