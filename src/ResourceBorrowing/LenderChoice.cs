using ResourceBorrowing.Loans;

namespace ResourceBorrowing;

/// <summary>Who lends when nobody is named: the reserve first, for nobody misses its units; then whoever has most to spare, the better reputation among equals.</summary>
internal static class LenderChoice
{
    /// <summary>A request is divided among at most so many.</summary>
    internal const int MostLenders = 32;

    /// <summary>So many are looked at for the one with most to spare, and more only if none of them has anything: among thousands a request need not look at all.</summary>
    private const int MostLookedAt = 64;

    /// <summary>Divides the units among those that could give them now.</summary>
    /// <param name="order">Who asks, and for how long.</param>
    /// <param name="units">How many.</param>
    /// <param name="participants">The participants that may lend, beside the reserve.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="reserve">The reserve.</param>
    /// <param name="shares">Set to who would give how much.</param>
    /// <param name="agreed">Those that were asked and said yes; null when nobody was.</param>
    /// <returns>Units found; fewer than asked for when there are not enough.</returns>
    internal static int Choose(
        in LoanOrder order, int units, ReadOnlySpan<Participant> participants, int from, Participant reserve, List<LoanShare> shares, HashSet<Participant>? agreed = null)
    {
        shares.Clear();
        if (participants.Length <= MostLookedAt) from = 0;
        var missing = units - Take(reserve.Account, Offer(order, reserve, agreed), units, shares);
        while (missing > 0 && shares.Count < MostLenders)
        {
            Participant? best = null;
            var most = 0;
            for (var looked = 0; looked < participants.Length && (looked < MostLookedAt || best is null); looked++)
            {
                var participant = participants[(int)((uint)(from + looked) % (uint)participants.Length)];
                // Most can be passed over at a glance: no offer is larger than what is free.
                var account = participant.Account;
                if (account.Cell.Read().Free is var free && (free < Math.Max(1, most) || free == most && account.Score <= best!.Account.Score)) continue;
                var offer = Offer(order, participant, agreed);
                if (offer < Math.Max(1, most) || shares.Count > 0 && Contains(shares, account)) continue;
                if (offer == most && account.Score <= best!.Account.Score) continue;
                (best, most) = (participant, offer);
            }

            if (best is null) break;
            missing -= Take(best.Account, most, missing, shares);
        }

        return units - missing;
    }

    /// <summary>Units that a participant would lend to this borrower now.</summary>
    internal static int Offer(in LoanOrder order, Participant lender, HashSet<Participant>? agreed)
    {
        var account = lender.Account;
        if (account == order.Borrower) return 0;
        var rules = account.Rules;
        if (order.Score < rules.GrantThreshold || order.Term.Ticks > rules.LongestTerm * TimeSpan.TicksPerMillisecond) return 0;
        if (rules.Consent == LendingConsent.Ask && agreed?.Contains(lender) != true) return 0;
        return account.LendableAt(order.Now, order.Conditions.IsForCallers);
    }

    private static int Take(Allocation lender, int offer, int missing, List<LoanShare> shares)
    {
        var part = Math.Min(offer, missing);
        if (part > 0) shares.Add(new LoanShare(lender, part));
        return part;
    }

    private static bool Contains(List<LoanShare> shares, Allocation lender)
    {
        foreach (var share in shares)
            if (share.Lender == lender) return true;
        return false;
    }
}
