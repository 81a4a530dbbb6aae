namespace ResourceBorrowing;

/// <summary>What one participant reports of another.</summary>
public enum ReportReason
{
    /// <summary>It borrows more, or more often, than is good for the others.</summary>
    ExcessiveBorrowing,

    /// <summary>What it borrowed was missing here.</summary>
    HarmToAllocation,

    /// <summary>It returns what it borrowed too late.</summary>
    LateReturn,

    /// <summary>It makes the host unstable.</summary>
    Instability,

    /// <summary>The only praise: it lends when others are short, and takes care of what it borrows.</summary>
    GoodNeighbour,
}

/// <summary>What became of a report.</summary>
public enum ReportResult
{
    /// <summary>It counts, as far as its reporter is believed; if it says nothing new, it changes nothing.</summary>
    Accepted,

    /// <summary>
    /// It changes nothing: the reporter has no standing in the matter. It must have lent to the other, borrowed from it, or have callers that are short of
    /// units while the other holds borrowed ones.
    /// </summary>
    NoStanding,

    /// <summary>It changes nothing: the reporter has sent too many of late.</summary>
    TooMany,
}
