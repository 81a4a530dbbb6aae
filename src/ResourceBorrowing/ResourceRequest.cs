using ResourceBorrowing.Mapping;

namespace ResourceBorrowing;

/// <summary>
/// One part of a <see cref="ResourceBundle"/>: units of a participant, bytes of a memory budget, or tokens of a token bucket. Written as a pair, for instance
/// <c>(search, 2)</c>, <c>(memory, 1 &lt;&lt; 20)</c>, <c>(tokens, 5)</c>. A value.
/// </summary>
public readonly struct ResourceRequest
{
    private ResourceRequest(IBundled? source, long amount) => (Source, Amount) = (source, amount);

    internal IBundled? Source { get; }

    internal long Amount { get; }

    /// <summary>Units of a participant, from 1.</summary>
    public static implicit operator ResourceRequest((Participant Participant, int Units) request) => new(request.Participant, request.Units);

    /// <summary>Bytes of a memory budget, from 1; they are reserved until the bundle is disposed.</summary>
    public static implicit operator ResourceRequest((MemoryBudget Budget, long Bytes) request) => new(request.Budget, request.Bytes);

    /// <summary>Tokens of a token bucket, from 1; they are spent once the bundle is had, and back when it is not.</summary>
    public static implicit operator ResourceRequest((ParticipantTokenBucketLimiter Limiter, int Tokens) request) => new(request.Limiter, request.Tokens);

    /// <summary>Of whom, and how much.</summary>
    public override string ToString() => Source is null ? "nothing" : FormattableString.Invariant($"{Amount} of '{Source.Participant.Name}'");
}
