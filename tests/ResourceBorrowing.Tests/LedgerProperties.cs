using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Tests;

/// <summary>Random lives of a pool under a fake clock: after every step all laws hold, and in the end all units are home.</summary>
public class LedgerProperties
{
    [Property(MaxTest = 400, Arbitrary = [typeof(Lives)])]
    public async Task AnyLife_KeepsEveryLawAtEveryStep(LifeStep[] life)
    {
        var time = new FakeTimeProvider();
        using var pool = new ResourcePool(Start(), time);
        var players = new Players(pool, time);
        foreach (var step in life)
        {
            players.Do(step);
            TestPool.AssertLaws(pool);
            AssertNobodyWaitsInVain(pool);
        }

        await players.EndAsync();
        time.Advance(TimeSpan.FromDays(40));
        // A loan on demand of a participant that had lent more than it now owns went on, from then.
        time.Advance(TimeSpan.FromMinutes(1));
        TestPool.AssertAtRest(pool);
        Assert.All(pool.Participants, static p => Assert.Equal(p.NominalQuota, p.Available));
    }

    public sealed record LifeStep(StepKind Kind, int Who, int Other, int Units, int Milliseconds);

    public enum StepKind
    {
        Acquire,
        AcquireAsync,
        Cancel,
        Release,
        ReleaseCopy,
        Borrow,
        BorrowOnTerms,
        BorrowFromReserve,
        BorrowFromAnyone,
        BorrowAsync,
        Return,
        ReturnPart,
        Recall,
        RecallLoan,
        Renew,
        WriteOff,
        Wait,
        Requota,
        Join,
        Leave,
        Recapacity,
    }

    public static class Lives
    {
        public static Arbitrary<LifeStep[]> Steps() =>
            (from kind in Gen.Elements(Enum.GetValues<StepKind>().Concat([StepKind.Acquire, StepKind.Borrow, StepKind.Release, StepKind.Wait]).ToArray())
             from who in Gen.Choose(0, 9)
             from other in Gen.Choose(0, 9)
             from units in Gen.Choose(1, 12)
             from milliseconds in Gen.OneOf(Gen.Choose(1, 200), Gen.Choose(1, 5_000), Gen.Choose(1, 2_000_000_000))
             select new LifeStep(kind, who, other, units, milliseconds)).ArrayOf().ToArbitrary();
    }

    internal static ResourcePoolOptions Start()
    {
        var options = TestPool.Options(40, ("a", 10), ("b", 6), ("c", 0));
        options.Reserve = 4;
        options.Participants[0].LendingLimit = 10;
        options.Participants.Add(new ParticipantOptions { Name = "s", Shares = 3 });
        options.Participants.Add(new ParticipantOptions { Name = "t", Shares = 2 });
        return options;
    }

    /// <summary>Law 5: a waiter at the front that fits has been served.</summary>
    private static void AssertNobodyWaitsInVain(ResourcePool pool)
    {
        foreach (var participant in pool.Participants)
        {
            var word = participant.Account.Cell.Read();
            Assert.True(word.HasWaiters == participant.Waiting > 0 || participant.Leaving is not null, $"{participant}: the flag lies, {participant.Waiting} wait");
            Assert.True(word.OwesDebt == participant.Debt > 0, $"{participant}: the debt flag lies");
            Assert.True(participant.Debt == 0 || word.Free == 0, $"{participant} owes and has free units");
            if (participant.Waiters.FrontUnits is { } front)
                Assert.True(front > word.Free || word.OwesDebt, $"{participant}: the front waits for {front}, {word.Free} are free");
        }
    }

    /// <summary>Everything that callers may do, one step at a time.</summary>
    internal sealed class Players(ResourcePool pool, FakeTimeProvider time)
    {
        private static readonly LoanTerms[] Terms =
        [
            new() { IsRecallable = false },
            new() { MinimumHold = TimeSpan.FromMilliseconds(50), Notice = TimeSpan.FromMilliseconds(30) },
            new() { AutoRenews = true, Priority = 3 },
            new() { Grace = TimeSpan.Zero },
        ];

        private readonly List<ResourceLease> _leases = [];
        private readonly List<Loan> _loans = [];
        private readonly List<(Task<ResourceLease> Task, CancellationTokenSource Cancel)> _waits = [];
        private readonly List<(Task<Loan> Task, CancellationTokenSource Cancel)> _borrowings = [];

        internal async Task EndAsync()
        {
            foreach (var (_, cancel) in _waits) cancel.Cancel();
            foreach (var (_, cancel) in _borrowings) cancel.Cancel();
            await Task.WhenAll(_waits.Select(static w => Quiet(w.Task)).Concat(_borrowings.Select(static b => Quiet(b.Task)))).Within();
            Collect();
            _loans.ForEach(static l => l.Dispose());
            _leases.ForEach(static l => l.Dispose());

            static Task Quiet(Task task) => task.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        internal void Do(LifeStep step)
        {
            if (pool.Participants.Count == 0) return;
            Take(step);
            Collect();
        }

        private void Take(LifeStep step)
        {
            var who = pool.Participants[step.Who % pool.Participants.Count];
            var other = pool.Participants[step.Other % pool.Participants.Count];
            var duration = TimeSpan.FromMilliseconds(step.Milliseconds);
            var loan = _loans.Count > 0 ? _loans[step.Other % _loans.Count] : default;
            var cancel = new CancellationTokenSource();
            switch (step.Kind)
            {
                case StepKind.Acquire when step.Units <= who.Ceiling:
                    _leases.Add(who.TryAcquire(step.Units));
                    break;
                case StepKind.AcquireAsync when step.Units <= who.Ceiling:
                    _waits.Add((who.AcquireAsync(step.Units, cancel.Token).AsTask(), cancel));
                    break;
                case StepKind.Cancel when _waits.Count > 0:
                    _waits[step.Other % _waits.Count].Cancel.Cancel();
                    break;
                case StepKind.Release when _leases.Count > 0:
                    var place = step.Other % _leases.Count;
                    _leases[place].Dispose();
                    _leases.RemoveAt(place);
                    break;
                case StepKind.ReleaseCopy when _leases.Count > 0:
                    _leases[step.Other % _leases.Count].Dispose();
                    break;
                case StepKind.Borrow when who != other:
                    _loans.Add(who.TryBorrow(other, step.Units, duration));
                    break;
                case StepKind.BorrowOnTerms when who != other:
                    _loans.Add(who.TryBorrow(new LoanRequest(step.Units) { Lender = other, Duration = duration, Terms = Terms[step.Units % Terms.Length] }));
                    break;
                case StepKind.BorrowFromReserve:
                    _loans.Add(who.TryBorrow(pool.Reserve, step.Units, duration));
                    break;
                case StepKind.BorrowFromAnyone:
                    var expected = who.Evaluate(new LoanRequest(step.Units) { Duration = duration });
                    _loans.Add(who.TryBorrow(step.Units, duration));
                    Assert.Equal((expected.Constraint, expected.IsGranted), (_loans[^1].Refusal, _loans[^1].IsGranted));
                    break;
                case StepKind.BorrowAsync:
                    _borrowings.Add((who.BorrowAsync(new LoanRequest(step.Units) { Duration = duration }, TimeSpan.FromMilliseconds(step.Other * 100), cancel.Token).AsTask(), cancel));
                    break;
                case StepKind.Return:
                    loan.Dispose();
                    break;
                case StepKind.ReturnPart:
                    loan.Return(step.Units);
                    break;
                case StepKind.Recall:
                    who.Recall(step.Units);
                    break;
                case StepKind.RecallLoan:
                    loan.Recall(step.Units);
                    break;
                case StepKind.Renew:
                    loan.TryRenew(duration);
                    break;
                case StepKind.WriteOff:
                    loan.WriteOff();
                    break;
                case StepKind.Wait:
                    time.Advance(duration);
                    break;
                case StepKind.Requota when who.Options.NominalQuota is not null && who.Leaving is null:
                    Try(() => pool.Update(new ParticipantOptions { Name = who.Name, NominalQuota = step.Units, BorrowOnDemand = step.Other % 2 == 0 }));
                    break;
                case StepKind.Join:
                    Try(() => pool.Add(new ParticipantOptions { Name = $"j{step.Other % 3}", NominalQuota = step.Units % 3 }));
                    break;
                case StepKind.Leave when pool.Participants.Count(static p => p.Leaving is null) > 2:
                    _ = pool.RemoveAsync(who.Name);
                    break;
                case StepKind.Recapacity:
                    var options = Start();
                    options.Capacity = 25 + step.Units * 3;
                    Try(() => pool.Reconfigure(options));
                    break;
            }
        }

        private static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (Microsoft.Extensions.Options.OptionsValidationException)
            {
                // Not enough units, or a name still leaving: refused whole.
            }
        }

        private void Collect()
        {
            Collect(_waits, _leases);
            Collect(_borrowings, _loans);
        }

        private static void Collect<T>(List<(Task<T> Task, CancellationTokenSource Cancel)> waits, List<T> ended)
        {
            for (var i = waits.Count - 1; i >= 0; i--)
            {
                // Continuations run on the thread pool; what has been decided arrives within moments.
                if (!waits[i].Task.IsCompleted) continue;
                if (waits[i].Task.IsCompletedSuccessfully) ended.Add(waits[i].Task.GetAwaiter().GetResult());
                waits.RemoveAt(i);
            }
        }
    }
}
