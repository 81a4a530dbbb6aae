using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;

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

    /// <summary>The most units it may have borrowed at one time, from 0. Default the rest of the capacity.</summary>
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

    internal ParticipantOptions Copy() => (ParticipantOptions)MemberwiseClone();
}
