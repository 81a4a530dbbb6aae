using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing;

/// <summary>What a participant owns and by which limits it lends, borrows and queues.</summary>
public sealed class ParticipantOptions
{
    internal const int MaxNameLength = 128;
    internal const int LeastDefaultQueueLimit = 16;

    /// <summary>Its name: 1 to 128 characters, no control characters. Required.</summary>
    [Required]
    [StringLength(MaxNameLength)]
    public string Name { get; set; } = "";

    /// <summary>Units it owns when nothing is lent, from 0. Give this or <see cref="Shares"/>.</summary>
    [Range(0, int.MaxValue)]
    public int? NominalQuota { get; set; }

    /// <summary>
    /// Its share, from 1, of the capacity that reserve and quotas in units leave: divided in proportion by largest remainder, and
    /// divided anew whenever a participant joins or leaves. Give this or <see cref="NominalQuota"/>.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? Shares { get; set; }

    /// <summary>The most units it may have lent out at one time, 0 to its nominal quota. Default half of the nominal quota, rounded down.</summary>
    [Range(0, int.MaxValue)]
    public int? LendingLimit { get; set; }

    /// <summary>The most units it may have borrowed at one time, from 0. Default, and at the most, the rest of the capacity.</summary>
    [Range(0, int.MaxValue)]
    public int? BorrowingLimit { get; set; }

    /// <summary>
    /// The most units that its queued callers may ask for together, from 0 (nobody may wait). Default the nominal quota, at least
    /// 16: so a queued caller waits for about one more round of its predecessors.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int? QueueLimit { get; set; }

    /// <summary>Which queued caller is served first. Default the oldest. Newest first lets new callers pass, and a full queue evicts its oldest.</summary>
    [EnumDataType(typeof(QueueProcessingOrder))]
    public QueueProcessingOrder QueueOrder { get; set; } = QueueProcessingOrder.OldestFirst;

    /// <summary>The least reputation, 0 to 100, with which others may borrow from it. Default 40.</summary>
    [Range(0.0, 100.0)]
    public double GrantThreshold { get; set; } = 40;

    /// <summary>Whether it agrees beforehand to lend. Default <see cref="LendingConsent.Automatic"/>.</summary>
    [EnumDataType(typeof(LendingConsent))]
    public LendingConsent Consent { get; set; }

    /// <summary>Free units of its own that it keeps for its next callers, from 0. Default 0: what is lent can be recalled at once.</summary>
    [Range(0, int.MaxValue)]
    public int Headroom { get; set; }

    /// <summary>The share of its nominal quota, 0 to 1, that must be free before it lends anything. Default 0.</summary>
    [Range(0.0, 1.0)]
    public double IdleThreshold { get; set; }

    /// <summary>
    /// It lends only when none of its callers has been short of units for this long, 0 to 30 days; nor within this long after the pool was built. Default 0.
    /// </summary>
    public TimeSpan MinimumIdleTime { get; set; }

    /// <summary>The longest term for which it lends, 1 ms to 30 days. Default 30 days.</summary>
    public TimeSpan LongestTerm { get; set; } = ResourcePool.LongestTerm;

    /// <summary>
    /// How long its callers may wait, per second and all together, while units it owns are lent out, before it lends less: at twice the budget half
    /// its lending limit. From 1 tick. Default none: lending is not reduced.
    /// </summary>
    public TimeSpan? HarmBudget { get; set; }

    /// <summary>
    /// Whether units that its callers miss are borrowed for them, from anybody, for the pool's default term. Default true: most code only ever
    /// calls <see cref="Participant.AcquireAsync(int, CancellationToken)"/>.
    /// </summary>
    public bool BorrowOnDemand { get; set; } = true;

    /// <summary>The most loans it may have open at one time as borrower, from 0. Default 100,000.</summary>
    [Range(0, int.MaxValue)]
    public int OpenLoanLimit { get; set; } = 100_000;

    /// <summary>
    /// How many loans it may ask for in a second, from 1; what the pool borrows for its callers does not count. Default null: as many as it likes. Requests
    /// beyond it are refused and cost reputation.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? RequestsPerSecond { get; set; }

    /// <summary>How much of what a unit stands for it needs: adapters keep units times needs.</summary>
    [ValidateObjectMembers]
    public ResourceNeeds Needs { get; private set; } = new();

    /// <summary>Asked for each loan when <see cref="Consent"/> is <see cref="LendingConsent.Ask"/>.</summary>
    internal Func<LoanRequest, Participant, CancellationToken, ValueTask<bool>>? AskConsent { get; private set; }

    /// <summary>How long the callback may take.</summary>
    internal TimeSpan ConsentTimeLimit { get; private set; }

    /// <summary>
    /// Has a callback decide on each loan: sets <see cref="Consent"/> to <see cref="LendingConsent.Ask"/>. It is asked by
    /// <see cref="Participant.BorrowAsync"/>, and, where the pool balances, by plans, one loan at a time (such a loan goes on until it is no longer needed or the units are recalled); always on the
    /// thread pool: <c>TryBorrow</c> answers <see cref="RefusalReason.ConsentRequired"/>, and nothing is borrowed from it on demand.
    /// </summary>
    /// <param name="ask">
    /// Told the request, who would borrow, and a token that is cancelled when the answer comes too late. An exception means no, and is logged.
    /// </param>
    /// <param name="timeLimit">No answer within this time means no, and is logged. Default 1 s, 1 ms to 30 days.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time limit is out of range.</exception>
    public void AskBeforeLending(Func<LoanRequest, Participant, CancellationToken, ValueTask<bool>> ask, TimeSpan? timeLimit = null)
    {
        ArgumentNullException.ThrowIfNull(ask);
        var limit = timeLimit ?? TimeSpan.FromSeconds(1);
        ResourcePool.ThrowIfNoTerm(limit, nameof(timeLimit));
        (Consent, AskConsent, ConsentTimeLimit) = (LendingConsent.Ask, ask, limit);
    }

    internal ParticipantOptions Copy()
    {
        var copy = (ParticipantOptions)MemberwiseClone();
        copy.Needs = Needs.Copy();
        return copy;
    }
}
