using FsCheck.Xunit;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests.Model;

/// <summary>Random lives with borrowing on demand: a caller gets its units exactly when they can be found, and nobody exceeds a ceiling.</summary>
public class BorrowOnDemandProperties
{
    [Property(MaxTest = 400, EndSize = 150, Arbitrary = [typeof(MachineSteps)])]
    public void AnyLife_ACallerIsServed_ExactlyWhenUnitsCanBeFound(MachineStep[] life)
    {
        using var machine = new Machine();
        foreach (var step in life) machine.Do(step);
        machine.End();
    }

    private sealed class Machine : IDisposable
    {
        private const int Capacity = 40;

        private static readonly LoanTerms NotRecallable = new() { IsRecallable = false };

        private readonly FakeTimeProvider _time = new();
        private readonly ResourcePool _pool;
        private readonly List<ResourceLease> _leases = [];
        private readonly List<Loan> _loans = [];

        internal Machine()
        {
            var options = new ResourcePoolOptions { Capacity = Capacity, Reputation = { NewcomerLoans = 0 }, Stability = { IsEnabled = false } };
            foreach (var (name, quota) in new[] { ("a", 10), ("b", 8), ("c", 12), ("d", 0) }) options.Participants.Add(OptionsOf(name, quota));
            _pool = new ResourcePool(options, _time, new Unmoved(50));
        }

        public void Dispose() => _pool.Dispose();

        internal void End()
        {
            _leases.ForEach(static l => l.Dispose());
            _time.Advance(TimeSpan.FromDays(40));
            // A loan on demand of a participant that had lent more than it now owns went on, from then.
            _time.Advance(TimeSpan.FromMinutes(1));
            TestPool.AssertAtRest(_pool);
        }

        private static ParticipantOptions OptionsOf(string name, int quota) => new()
        {
            Name = name,
            NominalQuota = quota,
            GrantThreshold = 0,
            BorrowOnDemand = name != "b",
            BorrowingLimit = name == "a" ? 9 : null,
        };

        internal void Do(MachineStep step)
        {
            var who = _pool.Participants[step.Who % _pool.Participants.Count];
            var other = _pool.Participants[(step.Who + 1 + step.Other % (_pool.Participants.Count - 1)) % _pool.Participants.Count];
            var term = TimeSpan.FromMilliseconds(step.Time);
            switch (step.Kind)
            {
                case MachineKind.Acquire when step.Units <= who.Ceiling:
                    Acquire(who, step.Units);
                    break;
                case MachineKind.Release when _leases.Count > 0:
                    _leases[step.Who % _leases.Count].Dispose();
                    _leases.RemoveAt(step.Who % _leases.Count);
                    break;
                case MachineKind.Borrow or MachineKind.BorrowFromReserve or MachineKind.BorrowFromAnyone:
                    var lender = step.Kind == MachineKind.Borrow ? other : step.Kind == MachineKind.BorrowFromReserve ? _pool.Reserve : null;
                    _loans.Add(who.TryBorrow(new LoanRequest(step.Units) { Lender = lender, Duration = term, Terms = step.Terms % 2 == 0 ? null : NotRecallable }));
                    break;
                case MachineKind.Return or MachineKind.ReturnPart when _loans.Count > 0:
                    _loans[step.Who % _loans.Count].Return(step.Units);
                    break;
                case MachineKind.RecallParticipant:
                    who.Recall(step.Units);
                    break;
                case MachineKind.Advance:
                    _time.Advance(term);
                    break;
                case MachineKind.Requota:
                    try
                    {
                        _pool.Update(OptionsOf(who.Name, step.Units));
                    }
                    catch (OptionsValidationException)
                    {
                        // The reserve has not so many.
                    }

                    break;
            }

            TestPool.AssertLaws(_pool);
            Assert.All(_pool.Participants, static p => Assert.True(p.Allocation <= p.Ceiling + p.Debt, $"{p}: above its ceiling of {p.Ceiling}, though it owes only {p.Debt}"));
        }

        private void Acquire(Participant who, int units)
        {
            var (free, own, room, lendable, idle) = (who.Available, OwnRecallable(who), Room(who), Lendable(who), Idle(who));
            var canOwe = who.Debt > 0;
            var before = Borrowings();
            var lease = who.TryAcquire(units);
            var missing = Math.Max(0, units - free);
            var told = $"{who.Name} asked for {units}: {free} free, {own} of its own elsewhere, {lendable} to borrow, {idle} idle ones, room for {room}";
            if (!canOwe && missing <= own + Math.Min(room, lendable)) Assert.True(lease.IsAcquired, $"refused, though {told}");
            if (lease.IsAcquired) Assert.True(!canOwe && missing <= own + Math.Min(room, lendable + idle), $"granted, though {told}");
            if (lease.IsAcquired) _leases.Add(lease);
            else if (missing > own + lendable + idle) Assert.Equal(before, Borrowings());
            else Assert.Equal(before[who.Name], who.Borrowed);
        }

        /// <summary>Units it has lent that it can have back at once: none of these terms has a notice or a minimum hold.</summary>
        private static int OwnRecallable(Participant who) => who.Account.Harm.Groups.Where(static g => g.Conditions.IsRecallable)
            .GroupBy(static g => g.Borrower).Sum(static g => Math.Min(g.Sum(static l => l.LiveUnits), g.Key.Cell.Read().Free));

        private static int Room(Participant who) => who.Options.BorrowOnDemand ? Math.Max(0, who.Account.BorrowingLimit - who.Borrowed) : 0;

        private int Lendable(Participant who) => _pool.Participants.Append(_pool.Reserve).Where(p => p != who).Sum(p => p.Account.LendableAt(_pool.Now, isForCallers: true));

        private Dictionary<string, int> Borrowings() => _pool.Participants.ToDictionary(static p => p.Name, static p => p.Borrowed);

        /// <summary>Units that others have borrowed on demand and do not use.</summary>
        private int Idle(Participant who) => _pool.Participants.Append(_pool.Reserve).Where(p => p != who).SelectMany(static p => p.Account.Harm.Groups)
            .Where(g => g.Conditions.IsOnDemand && g.Borrower != who.Account)
            .Sum(static g => Math.Min(g.LiveUnits, g.Borrower.Cell.Read().Free));
    }
}
