using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ResourceBorrowing.Mapping;

namespace ResourceBorrowing.Tests.Mapping;

/// <summary>The same script on <see cref="SemaphoreSlim"/> and on ours gives the same answers.</summary>
public class SemaphoreConformanceTests
{
    private const int Units = 4;

    [Property(MaxTest = 300, Arbitrary = [typeof(Scripts)])]
    public void AnyScript_OnBothSemaphores_GivesTheSameAnswers(ScriptStep[] script)
    {
        using var pool = Pool();
        using var theirs = new SemaphoreSlim(Units, Units);
        using var ours = new ParticipantSemaphore(pool["a"]);
        Assert.Equal(Run(new Slim(theirs), script), Run(new Ours(ours), script));
        Assert.Equal(Units - theirs.CurrentCount, pool["a"].InUse);
    }

    [Fact]
    public void Disposed_BothSemaphores_AnswerTheSame()
    {
        using var pool = Pool();
        var theirs = new SemaphoreSlim(Units, Units);
        var ours = new ParticipantSemaphore(pool["a"]);
        theirs.Dispose();
        ours.Dispose();
        ours.Dispose();
        Assert.Equal(theirs.CurrentCount, ours.CurrentCount);
        (Action Theirs, Action Ours)[] pairs =
        [
            (theirs.Wait, ours.Wait),
            (() => theirs.Wait(0), () => ours.Wait(0)),
            (() => theirs.Wait(TimeSpan.FromSeconds(1)), () => ours.Wait(TimeSpan.FromSeconds(1))),
            (() => theirs.WaitAsync(), () => ours.WaitAsync()),
            (() => theirs.WaitAsync(5), () => ours.WaitAsync(5)),
            (() => theirs.Release(), () => ours.Release()),
            (() => theirs.Release(0), () => ours.Release(0)),
        ];
        Assert.All(pairs, static pair => Assert.Equal(Assert.ThrowsAny<Exception>(pair.Theirs).GetType(), Assert.ThrowsAny<Exception>(pair.Ours).GetType()));
    }

    [Fact]
    public void WrongArguments_BothSemaphores_ThrowTheSame()
    {
        using var pool = Pool();
        using var theirs = new SemaphoreSlim(Units, Units);
        using var ours = new ParticipantSemaphore(pool["a"]);
        var cancelled = new CancellationToken(canceled: true);
        (Action Theirs, Action Ours)[] pairs =
        [
            (() => theirs.WaitAsync(TimeSpan.FromMilliseconds(-2)), () => ours.WaitAsync(TimeSpan.FromMilliseconds(-2))),
            (() => theirs.Release(0), () => ours.Release(0)),
            (() => theirs.Release(), () => ours.Release()),
            (() => theirs.Wait(cancelled), () => ours.Wait(cancelled)),
            (() => theirs.Wait(0, cancelled), () => ours.Wait(0, cancelled)),
        ];
        Assert.All(pairs, static pair => Assert.Equal(Assert.ThrowsAny<Exception>(pair.Theirs).GetType(), Assert.ThrowsAny<Exception>(pair.Ours).GetType()));
        Assert.True(ours.WaitAsync(cancelled).IsCanceled && theirs.WaitAsync(cancelled).IsCanceled);
        Assert.Equal(0, pool["a"].InUse);

        // As SemaphoreSlim's description has it; in .NET 10 it waits for ever.
        Assert.Throws<ArgumentOutOfRangeException>("millisecondsTimeout", () => ours.Wait(-2));
        Assert.Throws<ArgumentOutOfRangeException>("millisecondsTimeout", () => { _ = ours.WaitAsync(-2); });
    }

    public sealed record ScriptStep(int Kind, int Count, int Place);

    public static class Scripts
    {
        public static Arbitrary<ScriptStep[]> Steps() =>
            (from kind in Gen.Choose(0, 4)
             from count in Gen.Choose(1, 3)
             from place in Gen.Choose(0, 9)
             select new ScriptStep(kind, count, place)).ArrayOf().ToArbitrary();
    }

    // Lending and borrowing are off, so the allocation is the semaphore's maximum.
    private static ResourcePool Pool() => new(new ResourcePoolOptions { Capacity = Units }.AddParticipant("a", Units, static p =>
    {
        p.QueueLimit = 1000;
        p.LendingLimit = p.BorrowingLimit = 0;
    }));

    private static List<string> Run(ISemaphore semaphore, ScriptStep[] script)
    {
        var answers = new List<string>();
        var waits = new List<(Task<bool> Task, CancellationTokenSource Source)>();
        var pending = new List<int>();
        var free = Units;
        foreach (var step in script)
        {
            switch (step.Kind)
            {
                case 0:
                    var isEntered = semaphore.TryWait();
                    if (isEntered) free--;
                    answers.Add($"entered {isEntered}");
                    break;
                case 1 or 2:
                    var source = new CancellationTokenSource();
                    waits.Add((semaphore.WaitAsync(isTimed: step.Kind == 2, source.Token), source));
                    pending.Add(waits.Count - 1);
                    break;
                case 3:
                    try
                    {
                        answers.Add($"released, before {semaphore.Release(step.Count)}");
                        free += step.Count;
                    }
                    catch (SemaphoreFullException)
                    {
                        answers.Add("full");
                    }

                    break;
                case 4 when pending.Count > 0:
                    var place = pending[step.Place % pending.Count];
                    waits[place].Source.Cancel();
                    pending.Remove(place);
                    break;
            }

            // Oldest first; what was decided travels over the thread pool.
            for (; free > 0 && pending.Count > 0; free--) pending.RemoveAt(0);
            Assert.True(SpinWait.SpinUntil(() => Enumerable.Range(0, waits.Count).All(w => waits[w].Task.IsCompleted != pending.Contains(w)), TimeSpan.FromSeconds(30)));
            answers.Add($"free {semaphore.CurrentCount}: {string.Join(' ', waits.Select(static w => w.Task.Status))}");
        }

        return answers;
    }

    private interface ISemaphore
    {
        int CurrentCount { get; }

        bool TryWait();

        Task<bool> WaitAsync(bool isTimed, CancellationToken cancellationToken);

        int Release(int count);
    }

    private sealed class Slim(SemaphoreSlim semaphore) : ISemaphore
    {
        public int CurrentCount => semaphore.CurrentCount;

        public bool TryWait() => semaphore.Wait(0);

        public Task<bool> WaitAsync(bool isTimed, CancellationToken cancellationToken) =>
            semaphore.WaitAsync(isTimed ? TimeSpan.FromHours(1) : Timeout.InfiniteTimeSpan, cancellationToken);

        public int Release(int count) => semaphore.Release(count);
    }

    private sealed class Ours(ParticipantSemaphore semaphore) : ISemaphore
    {
        public int CurrentCount => semaphore.CurrentCount;

        public bool TryWait() => semaphore.Wait(0);

        public Task<bool> WaitAsync(bool isTimed, CancellationToken cancellationToken) =>
            semaphore.WaitAsync(isTimed ? TimeSpan.FromHours(1) : Timeout.InfiniteTimeSpan, cancellationToken);

        public int Release(int count) => semaphore.Release(count);
    }
}
