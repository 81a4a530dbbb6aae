using Microsoft.Extensions.Time.Testing;
using ResourceBorrowing.Tests.Model;

namespace ResourceBorrowing.Tests;

/// <summary>Plans and lenders that want to be asked.</summary>
public class BalancingCallbackTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);

    private readonly List<Question> _asked = [];

    /// <summary>Plans pass while it thinks about one loan; it is not asked for another meanwhile, nor until some time after a no.</summary>
    [Fact]
    public async Task Lender_ThatWantsToBeAsked_IsAskedOnce_AndLendsOrIsLeftAlone()
    {
        using var pool = Build(out var time, "b");
        var (a, b) = (pool["a"], pool["b"]);
        var waiting = Want(a, 4);
        BalancingTests.Run(time, Second + Sample);
        Assert.Equal("4 wait for consent", pool.ReportBalance()!.Reason);
        BalancingTests.Run(time, 5 * Second);
        Answer(1, false);
        BalancingTests.Run(time, 9 * Second);
        Assert.Single(_asked);
        BalancingTests.Run(time, 2 * Second);
        Answer(2, true);
        Assert.Equal(0, b.Lent);
        BalancingTests.Run(time, Second);
        (await waiting.Within()).Dispose();
        Assert.All(_asked.Take(2), question => Assert.Equal((4, b, a), (question.Request.Units, question.Request.Lender, question.Borrower)));
        Assert.Equal((4, 4L), (b.Lent, pool.Balancer!.Moved));
        TestPool.AssertLaws(pool);
    }

    /// <summary>Neither the next question nor a no takes back what was agreed to.</summary>
    [Fact]
    public async Task Loan_ThatWasAgreedTo_StaysWhileAnotherIsThoughtAboutOrRefused()
    {
        using var pool = Build(out var time, "b");
        var (a, b, c) = (pool["a"], pool["b"], pool["c"]);
        var first = Want(a, 4);
        BalancingTests.Run(time, Second + Sample);
        Answer(1, true);
        BalancingTests.Run(time, Second);
        var held = await first.Within();
        var second = Want(c, 2);
        BalancingTests.Run(time, 3 * Second);
        held.Dispose();
        BalancingTests.Run(time, Second);
        Assert.Equal((4, 4), (b.Lent, a.Borrowed));
        Answer(2, false);
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal((4, 4), (b.Lent, a.Borrowed));
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task Need_ThatOneIsAskedFor_IsNotAskedOfAnotherToo()
    {
        using var pool = Build(out var time, "b", "c");
        var waiting = Want(pool["a"], 4);
        BalancingTests.Run(time, 5 * Second);
        Answer(1, true);
        BalancingTests.Run(time, 2 * Second);
        (await waiting.Within()).Dispose();
        Assert.Single(_asked);
        Assert.Equal(4, pool["a"].Borrowed);
    }

    /// <summary>It refuses one and would lend to the other: who was refused is not always asked for first.</summary>
    [Fact]
    public async Task Borrowers_OfALenderThatRefusesOne_AreAskedForInTurn()
    {
        using var pool = Build(out var time, "b");
        var (refused, agreed) = (Want(pool["a"], 4), Want(pool["c"], 2));
        var questions = 1;
        for (BalancingTests.Run(time, 2 * Second); Last(questions).Borrower != pool["c"]; questions++)
        {
            Assert.Equal(1, questions);
            Answer(questions, false);
            BalancingTests.Run(time, 12 * Second);
        }

        Answer(questions, true);
        BalancingTests.Run(time, 2 * Second);
        (await agreed.Within()).Dispose();
        Assert.False(refused.IsCompleted);
    }

    /// <summary>A caller has taken a unit while it thought about all of them.</summary>
    [Fact]
    public void Agreement_ToMoreThanIsFreeByThen_BringsWhatIs()
    {
        using var pool = Build(out var time, "b");
        var (a, b) = (pool["a"], pool["b"]);
        Assert.True(a.TryAcquire(10).IsAcquired);
        for (var i = 0; i < 10; i++) _ = a.AcquireAsync().AsTask();
        BalancingTests.Run(time, Second + Sample);
        Assert.Equal(10, Last(1).Request.Units);
        Assert.True(b.TryAcquire(3).IsAcquired);
        Answer(1, true);
        BalancingTests.Run(time, Second);
        Assert.Equal(7, b.Lent);
    }

    [Fact]
    public async Task Agreement_ThatNobodyWantsAnyMore_IsForgotten()
    {
        using var pool = Build(out var time, "b");
        var (a, b) = (pool["a"], pool["b"]);
        var held = a.TryAcquire(10);
        var waiting = a.AcquireAsync(4);
        BalancingTests.Run(time, Second + Sample);
        held.Dispose();
        (await waiting.Within()).Dispose();
        // Until the peak is forgotten, which would be a need too.
        BalancingTests.Run(time, TimeSpan.FromMinutes(10));
        Answer(1, true);
        BalancingTests.Run(time, 5 * Second);
        Assert.Equal((0, 0), (b.Lent, b.Demand.Consent.Agreed));
    }

    /// <summary>It has not answered in time, and still thinks: a second thread for a second question would hang as well.</summary>
    [Fact]
    public void Callback_ThatHangs_IsNotAskedAgain()
    {
        using var pool = Build(out var time, TimeSpan.FromSeconds(2), "b");
        Want(pool["a"], 4);
        BalancingTests.Run(time, TimeSpan.FromSeconds(60));
        Last(1);
        BalancingTests.Run(time, TimeSpan.FromSeconds(60));
        Assert.Single(_asked);
        Answer(1, true);
        BalancingTests.Run(time, 2 * Second);
        Assert.Equal(0, pool["b"].Lent);
        Last(2);
    }

    [Fact]
    public async Task Lender_WhoseCallbackThrows_LendsNothing_AndOthersAreBalanced()
    {
        var asked = 0;
        using var pool = Build(out var time, TimeSpan.FromMinutes(1));
        pool.Update(Asking("b", (_, _, _) =>
        {
            Interlocked.Increment(ref asked);
            throw new DivideByZeroException();
        }));
        var waiting = Want(pool["a"], 4);
        BalancingTests.Run(time, Second + Sample);
        Settle(pool["b"]);
        Assert.Equal((1, 0), (asked, pool["b"].Lent));
        pool.Update(new ParticipantOptions { Name = "c", NominalQuota = 10, BorrowOnDemand = false });
        BalancingTests.Run(time, 2 * Second);
        (await waiting.Within()).Dispose();
        Assert.Equal((1, 4), (asked, pool["c"].Lent));
    }

    private int Count
    {
        get
        {
            lock (_asked) return _asked.Count;
        }
    }

    private ResourcePool Build(out FakeTimeProvider time, params string[] asking) => Build(out time, TimeSpan.FromDays(1), asking);

    /// <summary>Three that own 10 each and do not borrow on demand; those that are not asked lend nothing.</summary>
    private ResourcePool Build(out FakeTimeProvider time, TimeSpan limit, params string[] asking)
    {
        var options = TestPool.Options(30, ("a", 10), ("b", 10), ("c", 10));
        options.Balancing.Mode = BalancingMode.On;
        time = new FakeTimeProvider();
        var pool = new ResourcePool(options, time, new Unmoved(50));
        foreach (var name in (string[])["a", "b", "c"])
        {
            if (asking.Contains(name)) pool.Update(Asking(name, AskAsync, limit));
            else pool.Update(new ParticipantOptions { Name = name, NominalQuota = 10, BorrowOnDemand = false, LendingLimit = 0 });
        }

        return pool;
    }

    private ValueTask<bool> AskAsync(LoanRequest request, Participant borrower, CancellationToken late)
    {
        var question = new Question(request, borrower, new TaskCompletionSource<bool>());
        lock (_asked) _asked.Add(question);
        return new(question.Answer.Task);
    }

    private static ParticipantOptions Asking(string name, Func<LoanRequest, Participant, CancellationToken, ValueTask<bool>> ask, TimeSpan? limit = null)
    {
        var options = new ParticipantOptions { Name = name, NominalQuota = 10, BorrowOnDemand = false, LendingLimit = 10 };
        options.AskBeforeLending(ask, limit);
        return options;
    }

    private void Answer(int questions, bool agrees)
    {
        var question = Last(questions);
        question.Answer.SetResult(agrees);
        Settle(question.Request.Lender!);
    }

    /// <summary>The last of so many questions.</summary>
    private Question Last(int questions)
    {
        Assert.True(SpinWait.SpinUntil(() => Count == questions, TimeSpan.FromSeconds(30)), $"{Count} questions, not {questions}");
        return _asked[^1];
    }

    private static void Settle(Participant lender) => Assert.True(SpinWait.SpinUntil(() => !lender.Demand.Consent.IsAsked, TimeSpan.FromSeconds(30)));

    /// <summary>All that it has is in use, and a caller waits for more.</summary>
    private static Task<ResourceLease> Want(Participant participant, int units)
    {
        Assert.True(participant.TryAcquire(10).IsAcquired);
        return participant.AcquireAsync(units).AsTask();
    }

    private sealed record Question(LoanRequest Request, Participant Borrower, TaskCompletionSource<bool> Answer);
}
