using System.Globalization;
using System.Text;
using ResourceBorrowing.Reputation;

namespace ResourceBorrowing;

/// <summary>Why a participant has the reputation it has, and what it may borrow with it.</summary>
/// <param name="Participant">Whose.</param>
/// <param name="Score">The reputation now, 0 to 100.</param>
/// <param name="CreditLine">The most units it may have borrowed now, newcomers' limits aside.</param>
/// <param name="BorrowingLimit">The most units it may have borrowed with a reputation of 50.</param>
/// <param name="LoansToGo">How many more loans it must return before it is no newcomer.</param>
/// <param name="Overdue">Units it owes beyond their grace period; while it owes any, it may not borrow.</param>
/// <param name="Sources">How it stands with each source of evidence.</param>
/// <param name="Carried">The sum of all changes that are no longer listed, in points.</param>
/// <param name="Decay">The sum of all changes by decay toward 50, in points.</param>
/// <param name="Changes">The last changes, oldest first. With <paramref name="Carried"/> and <paramref name="Decay"/> they add up to the score less 50.</param>
public sealed record ReputationExplanation(
    string Participant, double Score, int CreditLine, int BorrowingLimit, int LoansToGo, int Overdue,
    IReadOnlyList<ReputationSource> Sources, double Carried, double Decay, IReadOnlyList<ReputationChange> Changes)
{
    /// <summary>The whole in words and lines for people, the latest change first.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var invariant = CultureInfo.InvariantCulture;
        text.Append(invariant, $"{Participant}: reputation {Score:0.0} of 100, may borrow up to {CreditLine} of {BorrowingLimit}");
        if (LoansToGo > 0) text.Append(invariant, $"; a newcomer until it has returned {LoansToGo} more loan{(LoansToGo == 1 ? "" : "s")}");
        if (Overdue > 0) text.Append(invariant, $"; may not borrow while it owes {Overdue} overdue unit{(Overdue == 1 ? "" : "s")}");
        text.AppendLine();
        foreach (var source in Sources)
            text.AppendLine(invariant, $"  {WordOf(source.Source),-10} {source.Score:0.00}  (for {source.For:0.00}, against {source.Against:0.00})");
        foreach (var change in Changes.Reverse()) text.AppendLine(invariant, $"  {change}");
        if (Carried != 0) text.AppendLine(invariant, $"  {Carried:+0.00;-0.00}  before that");
        if (Decay != 0) text.AppendLine(invariant, $"  {Decay:+0.00;-0.00}  decay toward 50");
        return text.ToString();
    }

    private static string WordOf(EvidenceSource source) => source switch
    {
        EvidenceSource.Return => "returns",
        EvidenceSource.Impact => "impact",
        EvidenceSource.Borrowing => "borrowing",
        _ => "neighbour",
    };
}

/// <summary>How a participant stands with one source of evidence.</summary>
/// <param name="Source">Which.</param>
/// <param name="Score">0 to 1; 0.5 without evidence.</param>
/// <param name="For">Evidence in its favour, in the policy's measure; reports included.</param>
/// <param name="Against">Evidence against it.</param>
public readonly record struct ReputationSource(EvidenceSource Source, double Score, double For, double Against);
