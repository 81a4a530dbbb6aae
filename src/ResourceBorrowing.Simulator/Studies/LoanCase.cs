namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What happens around a loan. Amounts are changes of the logarithm of latency.</summary>
internal sealed record LoanCase
{
    internal int Before { get; init; } = 30;

    internal int During { get; init; } = 30;

    internal int After { get; init; }

    /// <summary>What the loan does to its lender.</summary>
    internal double Effect { get; init; }

    /// <summary>How large, as a standard deviation, what happens to everybody when the loan begins.</summary>
    internal double Shock { get; init; }

    /// <summary>By how much participants differ in what a shock does to them, as a standard deviation.</summary>
    internal double Sensitivity { get; init; }

    /// <summary>Standard deviation of the noise.</summary>
    internal double Noise { get; init; } = 0.15;

    /// <summary>Participants to compare with.</summary>
    internal int Controls { get; init; } = 6;

    internal bool IsSteady { get; init; }
}
