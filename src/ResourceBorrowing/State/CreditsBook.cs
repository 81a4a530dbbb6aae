using ResourceBorrowing.Market;

namespace ResourceBorrowing.State;

/// <summary>Saves the balances of a ledger, and the other way round.</summary>
internal static class CreditsBook
{
    /// <summary>The balances of members, of the reserve and of names that have left. All locks of the loan book are held.</summary>
    internal static SavedCredits[] Save(CreditLedger ledger) =>
    [
        .. ledger.Members.Append(ledger.Reserve).Select(static m => new SavedCredits(m.Name, m.Balance)).Concat(ledger.Left.Select(static l => new SavedCredits(l.Key, l.Value)))
            .OrderBy(static c => c.Name, StringComparer.Ordinal),
    ];

    /// <exception cref="InvalidDataException">An entry cannot be.</exception>
    internal static Dictionary<string, long> Read(SavedCredits[] saved)
    {
        var balances = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in saved)
        {
            if (entry is null) throw StateFormat.Wrong("an entry in it is null");
            if (entry.Name.Length is 0 or > ParticipantOptions.MaxNameLength) throw StateFormat.Wrong("a name in it is empty or too long");
            if (!balances.TryAdd(entry.Name, entry.Millionths)) throw StateFormat.Wrong($"'{entry.Name}' is in it twice");
        }

        return balances;
    }
}
