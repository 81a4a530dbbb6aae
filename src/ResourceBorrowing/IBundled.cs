namespace ResourceBorrowing;

/// <summary>What a <see cref="ResourceBundle"/> can take some of.</summary>
internal interface IBundled
{
    /// <summary>Whose units it takes.</summary>
    Participant Participant { get; }

    /// <summary>Its place among those of the same participant: what can be recalled comes before what cannot, and what is spent before what is kept.</summary>
    int Rank { get; }

    /// <summary>Rejects what can never succeed, before anything is changed.</summary>
    void ThrowIfImpossible(long amount, string name);

    /// <summary>Waits for so much.</summary>
    ValueTask<BundleShare> TakeAsync(long amount, CancellationToken cancellationToken);
}

/// <summary>What a bundle got of one, or why it got nothing.</summary>
internal abstract class BundleShare
{
    internal abstract RefusalReason Refusal { get; }

    internal abstract string Explanation { get; }

    /// <summary>Cancelled when others want it back.</summary>
    internal virtual CancellationToken RecallToken => default;

    /// <summary>Gives back what there is to give back, once or more often.</summary>
    /// <param name="isUsed">False when the bundle never came about.</param>
    internal abstract void GiveBack(bool isUsed);
}
