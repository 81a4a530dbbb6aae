using ResourceBorrowing;

namespace Storefront.Guards;

/// <summary>Lets a request in, lets it wait, or turns it away.</summary>
internal interface IGuard
{
    /// <summary>Does the work of a request, with one unit for as long as it takes.</summary>
    /// <returns>Why there was no unit and nothing was done; null when it was.</returns>
    /// <exception cref="OperationCanceledException">No unit became free in time.</exception>
    ValueTask<string?> RunAsync(int subsystem, Func<Task> work, CancellationToken patience);

    /// <summary>The pool behind it; null without one.</summary>
    ResourcePool? Pool => null;

    /// <summary>A request is over.</summary>
    void RecordOutcome(int subsystem, TimeSpan latency, bool isAnswered)
    {
    }

    /// <summary>Shows what there is to see of it.</summary>
    void MapTo(IEndpointRouteBuilder routes)
    {
    }
}
