using ResourceBorrowing.Reputation;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>What the default reputation policy withstands: every attack against the library's own code, in one of its two modes.</summary>
/// <remarks>
/// <para>Where the system is attacked (standing to report, the newcomers' line, the overdue gate) a pool runs in virtual time; where many histories are tried, the policy
/// judges one participant by evidence made as pools make it. Everything is a function of seed and mode.</para>
/// <para>Sources: Hoffman, Zage and Nita-Rotaru, A Survey of Attack and Defense Techniques for Reputation Systems (2009); Friedman and Resnick, The Social Cost of Cheap
/// Pseudonyms (2001); Cheng and Friedman, Sybilproof Reputation Mechanisms (2005).</para>
/// </remarks>
/// <param name="seed">Of all chance.</param>
/// <param name="isStrict">Whether a loss costs eight times what a return earns, and not four times.</param>
internal sealed class AttackStudy(int seed, bool isStrict)
{
    private const double StrictLossPenalty = 8;

    internal bool IsStrict => isStrict;

    internal BetaReputationPolicy Policy { get; } = isStrict ? new BetaReputationPolicy { LossPenalty = StrictLossPenalty } : new BetaReputationPolicy();

    /// <summary>All attacks, in the order of the table.</summary>
    internal static IEnumerable<AttackResult> Run(int seed, bool isStrict, CancellationToken cancellationToken = default)
    {
        Func<AttackStudy, IEnumerable<AttackResult>>[] attacks =
        [
            BadMouthing.Run, Coalitions.Run, Strangers.Run, BallotStuffing.Run, WashLending.Run, Defectors.Run, OnOffBorrowing.Run, Whitewashing.Run, HonestBorrowers.Run,
        ];
        foreach (var attack in attacks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var result in attack(new AttackStudy(seed, isStrict))) yield return result;
        }
    }

    /// <summary>Chance that no other attack shares, so that each is the same whatever ran before.</summary>
    internal Random Chance(int place) => new(HashCode(seed, place));

    // Not HashCode.Combine: that differs from process to process.
    private static int HashCode(int seed, int place) => unchecked(seed * 397 ^ place * 7919);
}
