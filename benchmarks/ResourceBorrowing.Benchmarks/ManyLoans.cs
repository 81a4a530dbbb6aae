using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Loans of one unit, each between two parties drawn at random: the same ones in every run.</summary>
internal sealed class ManyLoans(IReadOnlyList<Participant> parties)
{
    internal const int Million = 1_000_000;

    /// <summary>Enough to warm up with: every party takes part.</summary>
    internal const int Few = 1000;

    // So many that loans which follow each other are seldom between the same two.
    internal const int Parties = 16;

    private readonly Random _random = new(Seed: 1);

    /// <summary>Loans whose units are not yet back.</summary>
    internal int Outstanding => parties.Sum(static party => party.Lent);

    /// <summary>Whether every ended loan has become evidence, and everybody has gained by it.</summary>
    internal bool AreJudged => parties.All(static party => party.Account.Home.OutcomeCount == 0 && party.Standing.Score > 50);

    internal Loan Borrow(TimeSpan term)
    {
        var borrower = _random.Next(parties.Count);
        var lender = (borrower + _random.Next(1, parties.Count)) % parties.Count;
        var loan = parties[borrower].TryBorrow(parties[lender], 1, term);
        return loan.IsGranted ? loan : throw new InvalidOperationException(loan.Explanation);
    }

    internal void Borrow(int count, TimeSpan term)
    {
        for (var i = 0; i < count; i++) Borrow(term);
    }
}
