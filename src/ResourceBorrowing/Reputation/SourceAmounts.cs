using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Reputation;

/// <summary>An amount for each <see cref="EvidenceSource"/>, without an array of its own.</summary>
[InlineArray(Sources)]
internal struct SourceAmounts : IEquatable<SourceAmounts>
{
    internal const int Sources = 4;

    private double _first;

    /// <inheritdoc/>
    public readonly bool Equals(SourceAmounts other) => ((ReadOnlySpan<double>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is SourceAmounts other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var amount in this) hash.Add(amount);
        return hash.ToHashCode();
    }
}
