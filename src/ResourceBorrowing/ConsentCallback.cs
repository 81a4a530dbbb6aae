using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Asks whoever wants to be asked before it lends.</summary>
internal static class ConsentCallback
{
    /// <summary>Off the caller's path, with the lender's time limit and what is left until the deadline, which is <see cref="TimerWheel.Never"/> for none: no answer and an exception mean no. <c>ended</c> is called when the callback has come to its end, which may be long after that.</summary>
    internal static async Task<bool> AskAsync(
        Participant lender, Participant borrower, LoanRequest request, long deadline, Action? ended, CancellationToken cancellationToken)
    {
        var pool = lender.Pool;
        var options = lender.Options;
        if (options.AskConsent is not { } ask)
        {
            ended?.Invoke();
            return false;
        }

        var left = TimeSpan.FromMilliseconds(Math.Clamp(deadline - pool.Now, 0, (long)ResourcePool.LongestTerm.TotalMilliseconds));
        var limit = left < options.ConsentTimeLimit ? left : options.ConsentTimeLimit;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = late.Token;
        try
        {
            var agrees = await Task.Run(() => AnswerAsync(pool, () => ask(request, borrower, token), ended, token), CancellationToken.None)
                .WaitAsync(limit, pool.Time, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return agrees;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            pool.Contain("consent", exception);
            return false;
        }
        finally
        {
            Cancel(pool, late);
        }
    }

    /// <summary>Never fails, for there may be nobody left who would learn of it.</summary>
    private static async Task<bool> AnswerAsync(ResourcePool pool, Func<ValueTask<bool>> ask, Action? ended, CancellationToken late)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            pool.Contain("consent", exception);
            return false;
        }
        finally
        {
            ended?.Invoke();
        }
    }

    /// <summary>Tells the callback that its answer no longer matters; what it has registered is user code.</summary>
    private static void Cancel(ResourcePool pool, CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (Exception exception)
        {
            pool.Contain("consent", exception);
        }
    }
}
