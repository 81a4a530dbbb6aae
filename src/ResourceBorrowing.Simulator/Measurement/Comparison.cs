using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ResourceBorrowing.Simulator.Hosts;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Measurement;

/// <summary>Several policies, each in the same scenario.</summary>
internal sealed record Comparison(Scenario Scenario, IReadOnlyList<PolicyResult> Results)
{
    internal PolicyResult? this[string policy] => Results.FirstOrDefault(r => r.Policy.Name == policy);

    /// <summary>Runs all policies, as many at a time as there are processors; with an adversary each a second time without.</summary>
    /// <param name="scenario">The host and what is asked of it.</param>
    /// <param name="policies">In the order in which results are wanted.</param>
    /// <param name="stepped">Told of each step of each run, by several threads.</param>
    /// <param name="cancellationToken">Stops all runs.</param>
    internal static Comparison Of(Scenario scenario, IReadOnlyList<Policy> policies, Action<Policy>? stepped, CancellationToken cancellationToken)
    {
        var honest = scenario.Adversary < 0 ? null : scenario.Honest();
        var results = new PolicyResult[policies.Count];
        // Each run takes long and none is divided, so they are handed out one by one.
        var places = Partitioner.Create(Enumerable.Range(0, policies.Count), EnumerablePartitionerOptions.NoBuffering);
        try
        {
            Parallel.ForEach(places, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, i =>
            {
                PolicyResult Result(Scenario of) =>
                    PolicyResult.Of(policies[i], of, Run.Of(policies[i], of, () => stepped?.Invoke(policies[i]), cancellationToken), scenario.Adversary);
                results[i] = Result(scenario);
                if (honest is not null) results[i] = results[i] with { HonestLoss = 1 - results[i].HonestGoodput / Math.Max(Result(honest).HonestGoodput, double.Epsilon) };
            });
        }
        catch (AggregateException exception)
        {
            // What went wrong in a run is what went wrong here.
            ExceptionDispatchInfo.Throw(exception.InnerException!);
        }

        return new(scenario, results);
    }
}
