using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Model;

namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>A host under one policy: requests arrive, take a unit each, wait for one, or give up. Single-threaded, in virtual time.</summary>
internal abstract class Host(Scenario scenario)
{
    internal Tally Tally { get; } = new(scenario);

    protected Scenario Scenario { get; } = scenario;

    /// <summary>A step begins: policies that plan do it here, once a step.</summary>
    internal virtual void BeginStep(long now, double[] demand)
    {
        AdvanceTo(now);
        Tally.Convergence.BeginStep(now, demand, InUseOf);
    }

    /// <summary>A step has ended.</summary>
    internal virtual void EndStep(long now)
    {
        AdvanceTo(now);
        Tally.EndStep(AllocationOf, ScoreOf);
    }

    internal abstract void Arrive(in Request request);

    /// <summary>Lets everything happen that is due before or at that time.</summary>
    internal abstract void AdvanceTo(long time);

    /// <summary>The trace is over: whoever still waits is served or gives up.</summary>
    internal virtual void Finish(long now) => AdvanceTo(now + Scenario.Model.PatienceTicks + 1);

    /// <summary>Units that a participant may use now.</summary>
    internal abstract int AllocationOf(int participant);

    internal abstract int InUseOf(int participant);

    /// <summary>A participant's reputation; not a number where there is none.</summary>
    internal virtual double ScoreOf(int participant) => double.NaN;
}
