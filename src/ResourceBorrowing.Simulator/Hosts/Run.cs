using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>One policy, one scenario, from the first step to the last.</summary>
internal static class Run
{
    /// <param name="policy">Under which policy.</param>
    /// <param name="scenario">The host and what is asked of it.</param>
    /// <param name="stepped">Told after each step.</param>
    /// <param name="cancellationToken">Stops it between two steps.</param>
    /// <returns>What happened: a function of policy and scenario.</returns>
    internal static Tally Of(Policy policy, Scenario scenario, Action? stepped = null, CancellationToken cancellationToken = default)
    {
        var host = policy.Open(scenario);
        using var _ = host as IDisposable;
        var requests = new RequestStream(scenario);
        var now = 0L;
        foreach (var demand in scenario.Traces.Demand())
        {
            cancellationToken.ThrowIfCancellationRequested();
            host.BeginStep(now, demand);
            foreach (var request in requests.Next(demand))
            {
                host.AdvanceTo(request.At);
                host.Arrive(request);
            }

            now += scenario.Model.StepTicks;
            host.EndStep(now);
            stepped?.Invoke();
        }

        host.Finish(now);
        return host.Tally;
    }
}
