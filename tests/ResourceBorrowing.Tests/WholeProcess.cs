namespace ResourceBorrowing.Tests;

/// <summary>Tests of what the whole process shares: one at a time, and beside no other test.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeProcess
{
    /// <summary>The collection's name.</summary>
    public const string Name = "whole process";
}
