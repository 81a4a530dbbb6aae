using System.ComponentModel.DataAnnotations;

namespace ResourceBorrowing;

/// <summary>How reputation governs borrowing in a pool, and how it outlives the process.</summary>
public sealed class ReputationOptions
{
    /// <summary>
    /// How many loans a participant must have returned before it is no newcomer, 0 to 1000. Default 5. Until then it may have one loan out at a time, and no more
    /// than the reference loan in all: its nominal quota for the default term, or longer where the lender can recall it at once. What the pool borrows for its callers is counted as one loan.
    /// </summary>
    [Range(0, 1000)]
    public int NewcomerLoans { get; set; } = 5;

    /// <summary>How many reports a participant may send a minute, 0 to 10,000. Default 10.</summary>
    [Range(0, 10_000)]
    public int ReportsPerMinute { get; set; } = 10;

    /// <summary>
    /// Where a hosted pool keeps its state from one process to the next: a file that is loaded at start, if it is there, and written every
    /// <see cref="SavePeriod"/> and at shutdown, as a whole or not at all. Default null: nothing is kept. Cannot change while the pool lives.
    /// </summary>
    public string? StateFile { get; set; }

    /// <summary>How often a hosted pool writes its <see cref="StateFile"/>, 1 s to 1 day; a killed process loses what happened since. Default 1 minute.</summary>
    public TimeSpan SavePeriod { get; set; } = TimeSpan.FromMinutes(1);

    internal ReputationOptions Copy() => (ReputationOptions)MemberwiseClone();
}
