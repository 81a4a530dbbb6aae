namespace ResourceBorrowing.Market;

/// <summary>What an outcome must keep to, whoever decided it.</summary>
internal static class MarketRules
{
    /// <summary>An outcome once and for all: lists of somebody else may change, or run code.</summary>
    /// <exception cref="InvalidOperationException">There is none, or a part of it is missing.</exception>
    internal static MarketOutcome Copy(MarketOutcome? outcome)
    {
        if (outcome is null) throw Wrong("it decided nothing: null");
        if (outcome.Transfers is null || outcome.Credits is null) throw Wrong("a list of its outcome is null");
        return outcome with { Transfers = [.. outcome.Transfers], Credits = [.. outcome.Credits] };
    }

    /// <exception cref="InvalidOperationException">It cannot be carried out; the message says why.</exception>
    internal static void Check(MarketOutcome outcome, MarketRound round)
    {
        if (outcome.ClearingPrice is { } clearing && !CreditAmount.IsPrice(clearing)) throw Wrong($"a clearing price of {clearing} cannot be");
        var (bids, offers, lent) = (new long[round.Bids.Count], new long[round.Offers.Count], new long[round.Participants.Count]);
        var last = round.Participants.Count - 1;
        foreach (var transfer in outcome.Transfers)
        {
            if (transfer.Lender < 0 || transfer.Lender > last || transfer.Borrower < 0 || transfer.Borrower >= last || transfer.Lender == transfer.Borrower) throw Wrong($"{transfer} is between participants that cannot be");
            if (transfer.Units < 1) throw Wrong($"{transfer} is of no unit");
            if ((lent[transfer.Lender] += transfer.Units) > round.Participants[transfer.Lender].NominalQuota) throw Wrong($"{transfer} is of more than its lender owns");
            if (!CreditAmount.IsPrice(transfer.Price)) throw Wrong($"{transfer} has a price that cannot be");
            if (transfer.Bid >= bids.Length || transfer.Offer >= offers.Length || transfer is { Bid: < 0, Offer: >= 0 }) throw Wrong($"{transfer} answers an order that is not there");
            if (transfer.Bid >= 0)
            {
                var bid = round.Bids[transfer.Bid];
                if (bid.Borrower != transfer.Borrower || transfer.Price > bid.HighestPrice || (bids[transfer.Bid] += transfer.Units) > bid.Units) throw Wrong($"{transfer} is not what {bid} asks for");
            }

            if (transfer.Offer < 0) continue;
            var offer = round.Offers[transfer.Offer];
            if (offer.Lender != transfer.Lender || transfer.Price < offer.ReservePrice || offer.LongestTerm < round.Bids[transfer.Bid].Term || (offers[transfer.Offer] += transfer.Units) > offer.Units) throw Wrong($"{transfer} is not what {offer} puts up");
        }

        foreach (var group in outcome.Transfers.Where(t => t.Bid >= 0 && !round.Bids[t.Bid].TakesPart).GroupBy(static t => t.Bid))
            if (group.DistinctBy(static t => (t.Price, t.PaysAll)).Skip(1).Any()) throw Wrong($"{round.Bids[group.Key]} comes together, and must have one price");
        for (var i = 0; i < bids.Length; i++)
            if (!round.Bids[i].TakesPart && bids[i] != 0 && bids[i] != round.Bids[i].Units) throw Wrong($"{round.Bids[i]} takes no part of what it asks for");
        foreach (var transfer in outcome.Credits)
        {
            if (transfer.From < -1 || transfer.From > last || transfer.To < 0 || transfer.To > last || transfer.From == transfer.To || transfer.Credits is < 0 or > CreditAmount.MostCredits || !IsReason(transfer))
                throw Wrong($"{transfer} cannot be");
        }
    }

    /// <summary>What a mechanism may give as the reason: the others are the ledger's own, and would tell of what was not.</summary>
    private static bool IsReason(in CreditTransfer transfer) => transfer.From < 0 ? transfer.Reason == CreditReason.Free : transfer.Reason is CreditReason.Free or CreditReason.Pledged or CreditReason.Divided;

    private static InvalidOperationException Wrong(string what) => new($"The market mechanism is wrong, and nothing was done: {what}.");
}
