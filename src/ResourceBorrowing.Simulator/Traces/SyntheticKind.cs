namespace ResourceBorrowing.Simulator.Traces;

/// <summary>A kind of demand that can be generated.</summary>
internal enum SyntheticKind
{
    /// <summary>A day of 288 steps, each participant's peak at another time, with noise.</summary>
    Diurnal,

    /// <summary>Calm, and bursts at random, of heavy-tailed height and length.</summary>
    Bursty,

    /// <summary>Levels that stay for a random time and then jump.</summary>
    Step,

    /// <summary>
    /// Made to hurt lenders: half of the participants ask for much while the others are idle, just long enough for everything to be lent; then all ask at once.
    /// </summary>
    Adversarial,
}
