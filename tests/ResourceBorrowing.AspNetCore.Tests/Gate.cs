namespace ResourceBorrowing.AspNetCore.Tests;

/// <summary>A handler that tells when it has been entered and stays until it is let go.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Entered => _entered.Task.Within();

    internal void Open() => _opened.TrySetResult();

    internal Task PassAsync()
    {
        _entered.TrySetResult();
        return _opened.Task;
    }
}
