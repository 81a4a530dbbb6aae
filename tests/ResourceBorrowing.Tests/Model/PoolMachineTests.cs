using FsCheck.Xunit;

namespace ResourceBorrowing.Tests.Model;

/// <summary>Random lives of a pool beside a model in plain numbers: every answer and every number must be the same.</summary>
public class PoolMachineTests
{
    [Property(MaxTest = 400, EndSize = 150, Arbitrary = [typeof(MachineSteps)])]
    public void AnyLife_OfOneShard_AgreesWithTheModel(MachineStep[] life) => Live(life, shards: 1);

    [Property(MaxTest = 400, EndSize = 150, Arbitrary = [typeof(MachineSteps)])]
    public void AnyLife_OfSeveralShards_AgreesWithTheModel(MachineStep[] life) => Live(life, shards: 4);

    private static void Live(MachineStep[] life, int shards)
    {
        using var machine = new PoolMachine(shards);
        foreach (var step in life) machine.Do(step);
        machine.End();
    }
}
