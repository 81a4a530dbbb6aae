namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>Tests whose threads must really collide: one at a time, and beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealThreads
{
    /// <summary>The collection's name.</summary>
    public const string Name = "real threads";
}
