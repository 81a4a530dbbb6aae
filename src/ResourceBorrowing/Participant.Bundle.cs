namespace ResourceBorrowing;

/// <content>As one of the parts of a <see cref="ResourceBundle"/>.</content>
public sealed partial class Participant : IBundled
{
    /// <inheritdoc/>
    Participant IBundled.Participant => this;

    /// <inheritdoc/>
    int IBundled.Rank => 0;

    /// <inheritdoc/>
    void IBundled.ThrowIfImpossible(long amount, string name)
    {
        var units = (int)Math.Min(int.MaxValue, amount);
        // A pool that observes refuses nothing.
        if (units < 1 || !Pool.IsObserving) ThrowIfImpossible(units, name);
    }

    /// <inheritdoc/>
    async ValueTask<BundleShare> IBundled.TakeAsync(long amount, CancellationToken cancellationToken) =>
        new Share(await AcquireAsync((int)Math.Min(int.MaxValue, amount), cancellationToken).ConfigureAwait(false));

    private sealed class Share(ResourceLease lease) : BundleShare
    {
        internal override RefusalReason Refusal => lease.Refusal;

        internal override string Explanation => lease.Explanation;

        internal override CancellationToken RecallToken => lease.RecallToken;

        internal override void GiveBack(bool isUsed) => lease.Dispose();
    }
}
