namespace ResourceBorrowing.Market;

/// <summary>Why credits moved.</summary>
public enum CreditReason
{
    /// <summary>A participant joined: it begins with what the others have on average, or, as the first, with what is configured.</summary>
    Joined,

    /// <summary>A name that was here before has its old balance again.</summary>
    Restored,

    /// <summary>A participant left; its credits wait for its name to come back.</summary>
    Left,

    /// <summary>Units were lent: the borrower paid the lender for the time it had them.</summary>
    Loan,

    /// <summary>What units that nobody offered have earned was divided equally among all.</summary>
    Divided,

    /// <summary>The market mechanism gave credits to all that take part.</summary>
    Free,

    /// <summary>The market mechanism charged for the use of units that a participant owns and has pledged to all.</summary>
    Pledged,

    /// <summary>The balance was taken from a saved state.</summary>
    Loaded,
}

/// <summary>One line of a statement; several postings of one kind with the same counterparty that follow closely share a line.</summary>
/// <param name="At">When, in pool time; of several the last.</param>
/// <param name="Reason">Why.</param>
/// <param name="Counterparty">From whom, or to whom: a participant, <c>(reserve)</c> or <c>(house)</c>.</param>
/// <param name="Credits">What came; below 0 what went.</param>
/// <param name="Postings">How many postings it stands for.</param>
public readonly record struct CreditEntry(TimeSpan At, CreditReason Reason, string Counterparty, decimal Credits, int Postings);

/// <summary>How many credits somebody has, and why: <c>carried + the sum of all entries = balance</c>.</summary>
/// <param name="Name">Whose.</param>
/// <param name="Balance">What it has; below 0 what it owes.</param>
/// <param name="Held">The part of it that is promised to loans that go on: what they are not charged for in the end is free again.</param>
/// <param name="Available">What it may still spend: balance - held + overdraft limit.</param>
/// <param name="Carried">The sum of all entries that are no longer told one by one.</param>
/// <param name="Entries">The last entries, by the time of their last posting.</param>
public sealed record CreditStatement(string Name, decimal Balance, decimal Held, decimal Available, decimal Carried, IReadOnlyList<CreditEntry> Entries)
{
    /// <summary>A text for people.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Name}: {Balance:0.######} credits, {Held:0.######} of them held for loans; {Available:0.######} to spend\n");
        if (Carried != 0) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{"",12}  {Carried,16:0.000000}  carried\n");
        foreach (var entry in Entries)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{entry.At.TotalSeconds,11:0.000}s  {entry.Credits,16:0.000000}  {entry.Reason}, {entry.Counterparty}{(entry.Postings > 1 ? $" ({entry.Postings} postings)" : "")}\n");
        return text.ToString();
    }
}
