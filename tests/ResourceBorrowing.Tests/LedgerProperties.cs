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
        var leases = new List<ResourceLease>();
        var loans = new List<Loan>();
        var waits = new List<(Task<ResourceLease> Task, CancellationTokenSource Cancel)>();

        foreach (var step in life)
        {
            Do(step, pool, time, leases, loans, waits);
            Collect(waits, leases);
            TestPool.AssertLaws(pool);
            AssertNobodyWaitsInVain(pool);
        }

        foreach (var (_, cancel) in waits) cancel.Cancel();
        await Task.WhenAll(waits.Select(static w => w.Task.ContinueWith(static _ => { }, TaskScheduler.Default))).Within();
        Collect(waits, leases);
        leases.ForEach(static l => l.Dispose());
        time.Advance(TimeSpan.FromDays(40));
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
        BorrowFromReserve,
        Return,
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

    private static ResourcePoolOptions Start()
    {
        var options = TestPool.Options(40, ("a", 10), ("b", 6), ("c", 0));
        options.Reserve = 4;
        options.Participants[0].LendingLimit = 10;
        options.Participants.Add(new ParticipantOptions { Name = "s", Shares = 3 });
        options.Participants.Add(new ParticipantOptions { Name = "t", Shares = 2 });
        return options;
    }

    private static void Do(
        LifeStep step, ResourcePool pool, FakeTimeProvider time, List<ResourceLease> leases, List<Loan> loans, List<(Task<ResourceLease> Task, CancellationTokenSource Cancel)> waits)
    {
        var who = pool.Participants[step.Who % pool.Participants.Count];
        var other = pool.Participants[step.Other % pool.Participants.Count];
        switch (step.Kind)
        {
            case StepKind.Acquire when step.Units <= who.Ceiling:
                leases.Add(who.TryAcquire(step.Units));
                break;
            case StepKind.AcquireAsync when step.Units <= who.Ceiling:
                var cancel = new CancellationTokenSource();
                waits.Add((who.AcquireAsync(step.Units, cancel.Token).AsTask(), cancel));
                break;
            case StepKind.Cancel when waits.Count > 0:
                waits[step.Other % waits.Count].Cancel.Cancel();
                break;
            case StepKind.Release when leases.Count > 0:
                var place = step.Other % leases.Count;
                leases[place].Dispose();
                leases.RemoveAt(place);
                break;
            case StepKind.ReleaseCopy when leases.Count > 0:
                leases[step.Other % leases.Count].Dispose();
                break;
            case StepKind.Borrow when who != other:
                loans.Add(who.TryBorrow(other, step.Units, TimeSpan.FromMilliseconds(step.Milliseconds)));
                break;
            case StepKind.BorrowFromReserve:
                loans.Add(who.TryBorrow(pool.Reserve, step.Units, TimeSpan.FromMilliseconds(step.Milliseconds)));
                break;
            case StepKind.Return when loans.Count > 0:
                loans[step.Other % loans.Count].Dispose();
                break;
            case StepKind.Wait:
                time.Advance(TimeSpan.FromMilliseconds(step.Milliseconds));
                break;
            case StepKind.Requota when who.Options.NominalQuota is not null && who.Leaving is null:
                Try(() => pool.Update(new ParticipantOptions { Name = who.Name, NominalQuota = step.Units }));
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

        static void Try(Action action)
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

    private static void Collect(List<(Task<ResourceLease> Task, CancellationTokenSource Cancel)> waits, List<ResourceLease> leases)
    {
        for (var i = waits.Count - 1; i >= 0; i--)
        {
            // Continuations run on the thread pool; what the queue has decided arrives within moments.
            if (!waits[i].Task.IsCompleted) continue;
            if (waits[i].Task.IsCompletedSuccessfully) leases.Add(waits[i].Task.GetAwaiter().GetResult());
            waits.RemoveAt(i);
        }
    }
}
