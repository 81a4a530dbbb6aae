namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>Where continuations wait for the simulation to run them, in the order in which they came: so a run is a function of its inputs.</summary>
internal sealed class Continuations : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();

    public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody sends in a simulation.");

    internal void Run()
    {
        while (_posted.TryDequeue(out var next)) next.Callback(next.State);
    }
}
