using System.Threading.RateLimiting;

namespace ResourceBorrowing.Mapping;

/// <summary>How a <see cref="ParticipantTokenBucketLimiter"/> turns units into a rate, and who waits.</summary>
public sealed class TokenBucketOptions
{
    /// <summary>
    /// Tokens per second that one unit brings, above 0. Default null: the I/O operations per second of the participant's units
    /// (<see cref="ResourceUnitOptions.IoOperationsPerSecond"/> times its needs).
    /// </summary>
    public double? TokensPerUnit { get; set; }

    /// <summary>For how long an idle bucket saves up tokens, 10 ms to 1 hour: so much, at the full rate, may be drawn at once. Default 1 s.</summary>
    public TimeSpan Burst { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most tokens that queued requests may ask for together, from 0 (nobody may wait). Default 0.</summary>
    public int QueueLimit { get; set; }

    /// <summary>Which queued request is served first. Default the oldest. Newest first lets new ones pass, and a full queue evicts its oldest.</summary>
    public QueueProcessingOrder QueueProcessingOrder { get; set; } = QueueProcessingOrder.OldestFirst;

    internal void ThrowIfWrong()
    {
        if (TokensPerUnit is { } tokens && !(tokens > 0 && double.IsFinite(tokens))) throw new ArgumentException($"{nameof(TokensPerUnit)} must be above 0, not {tokens}.");
        if (Burst < TimeSpan.FromMilliseconds(10) || Burst > TimeSpan.FromHours(1)) throw new ArgumentException($"{nameof(Burst)} must be 10 ms to 1 hour, not {Burst}.");
        if (QueueLimit < 0) throw new ArgumentException($"{nameof(QueueLimit)} must be at least 0, not {QueueLimit}.");
        if (!Enum.IsDefined(QueueProcessingOrder)) throw new ArgumentException($"{nameof(QueueProcessingOrder)} must be one of the two, not {QueueProcessingOrder}.");
    }
}
