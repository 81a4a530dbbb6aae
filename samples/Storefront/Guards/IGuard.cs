namespace Storefront.Guards;

/// <summary>Lets a request in, lets it wait, or turns it away.</summary>
internal interface IGuard
{
    /// <summary>Does the work of a request, with one unit for as long as it takes.</summary>
    /// <returns>Why there was no unit and nothing was done; null when it was.</returns>
    /// <exception cref="OperationCanceledException">No unit became free in time.</exception>
    ValueTask<string?> RunAsync(int subsystem, Func<Task> work, CancellationToken patience);
}
