namespace ResourceBorrowing.Tests.Model;

/// <summary>What the model knows of one participant; everything else follows from the loans.</summary>
internal sealed class ModelParty(string name, int index)
{
    internal string Name { get; } = name;

    /// <summary>In which order the pool opened its account.</summary>
    internal int Index { get; } = index;

    internal int Nominal { get; set; }

    internal int InUse { get; set; }

    internal int LendingLimit { get; set; }

    internal int BorrowingLimit { get; set; }

    /// <summary>The share of its limit that its reputation is good for: from none at 30 to all at 50.</summary>
    internal int CreditLine => Reputation >= 50 ? BorrowingLimit : Reputation <= 30 ? 0 : (int)Math.Ceiling(BorrowingLimit * (Reputation - 30) / 20);

    internal int Ceiling => Nominal + BorrowingLimit;

    /// <summary>Never changes in the model.</summary>
    internal double Reputation { get; init; } = 50;

    internal double GrantThreshold { get; init; }

    internal long LongestTerm { get; init; } = long.MaxValue;

    /// <summary>Units that were recalled and came, each for a planning period not to be lent again.</summary>
    internal List<(int Units, long Until)> Held { get; } = [];
}

/// <summary>A loan, or units whose owner changed, until the last unit is back.</summary>
internal sealed class ModelLoan
{
    internal required ModelParty Lender { get; init; }

    internal required ModelParty Borrower { get; init; }

    internal required LoanTerms Terms { get; init; }

    /// <summary>Not a loan: units whose owner changed while they were in use or lent.</summary>
    internal bool IsOwnership { get; init; }

    internal required int Number { get; init; }

    internal int Units { get; set; }

    internal int Left { get; set; }

    internal LoanPhase Phase { get; set; }

    /// <summary>Its lender asked for it.</summary>
    internal bool WasRecalled { get; set; }

    internal long Start { get; set; }

    internal long Due { get; set; }

    /// <summary>Its turn among those due at the same time; null when nothing more happens by itself.</summary>
    internal int? Turn { get; set; }

    /// <summary>Its place among the debts of its borrower.</summary>
    internal int OwedAs { get; set; }

    internal bool IsLive => !IsOwnership && Phase is LoanPhase.Active or LoanPhase.Recalled;

    internal bool IsOwed => !IsLive;

    internal bool IsOpen => !IsOwnership && Phase is not LoanPhase.WrittenOff and not LoanPhase.Repaid;

    internal long Grace => (long)Terms.Grace!.Value.TotalMilliseconds;

    internal LoanStatus Status => new(Lender.Name, Borrower.Name, Units, Left, Phase, TimeSpan.FromMilliseconds(Due));
}
