namespace ResourceBorrowing;

/// <summary>Units of several participants, memory and tokens, taken all or none: several kinds of resource for one piece of work. Dispose it to give them back.</summary>
/// <remarks>
/// Thread-safe. Disposing it twice, or on several threads at once, gives the units back once. A bundle that nobody disposes keeps its units in use for ever.
/// </remarks>
public sealed class ResourceBundle : IDisposable
{
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(1);

    private readonly BundleShare?[] _shares;
    private readonly BundleShare? _refused;

    private ResourceBundle(BundleShare?[] shares, BundleShare? refused = null)
    {
        _shares = shares;
        _refused = refused;
    }

    /// <summary>Whether everything was granted. Stays true after disposal.</summary>
    public bool IsAcquired => _refused is null;

    /// <summary>Why one of them refused; <see cref="RefusalReason.None"/> when none did.</summary>
    public RefusalReason Refusal => _refused?.Refusal ?? RefusalReason.None;

    /// <summary>The refusal in words, with the participant and the numbers that decided; made when asked for.</summary>
    public string Explanation => _refused?.Explanation ?? "granted";

    /// <summary>Takes units of several participants, bytes of memory budgets and tokens of token buckets, of one pool or of several, waiting for what is not free; all or none.</summary>
    /// <param name="requests">
    /// Of whom, and how much, from 1: <c>[(cpu, 2), (memory, 1 &lt;&lt; 20), (tokens, 5)]</c>. Who is named twice is asked once, for the sum. None makes an empty bundle.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bundle; when one refused, one that says why and holds nothing. Await it once: what is granted to a task that nobody awaits stays in use.</returns>
    /// <remarks>
    /// All bundles take in the same order, that in which the participants joined, and of one participant units before tokens before bytes, so they never wait for each
    /// other in a circle. Who waits while it holds some gives all of it back and begins anew when units are recalled, or when the wait lasts long (1 s, each time
    /// twice as long, at the most 1 min): so no circle through loans, or through units and bytes of the same participant, lasts either. Nobody should ask for a bundle while holding other units.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The requests, or whom one of them names, are null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or in sum more than there could ever be. Nothing was taken.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before all were granted; nothing is held.</exception>
    /// <exception cref="ObjectDisposedException">A pool or a limiter has been, or was meanwhile, disposed; nothing is held.</exception>
    public static ValueTask<ResourceBundle> AcquireAllAsync(IEnumerable<ResourceRequest> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return AcquireAllAsync(InOrder(requests), cancellationToken);
    }

    /// <summary>Gives everything back but the tokens, which are spent, unless that was done before. Never throws, never waits.</summary>
    public void Dispose() => GiveBack(_shares, isUsed: true);

    /// <summary>The outcome in words.</summary>
    public override string ToString() => Explanation;

    private static (IBundled Source, long Amount)[] InOrder(IEnumerable<ResourceRequest> requests)
    {
        var sums = new Dictionary<IBundled, long>(ReferenceEqualityComparer.Instance);
        foreach (var request in requests)
        {
            var source = request.Source;
            ArgumentNullException.ThrowIfNull(source, nameof(requests));
            source.ThrowIfImpossible(request.Amount, nameof(requests));
            sums[source] = Math.Min(long.MaxValue - request.Amount, sums.GetValueOrDefault(source)) + request.Amount;
        }

        foreach (var (source, amount) in sums) source.ThrowIfImpossible(amount, nameof(requests));
        return [.. sums.OrderBy(static s => s.Key.Participant.Serial).ThenBy(static s => s.Key.Rank).Select(static s => (s.Key, s.Value))];
    }

    private static async ValueTask<ResourceBundle> AcquireAllAsync((IBundled Source, long Amount)[] wanted, CancellationToken cancellationToken)
    {
        var shares = new BundleShare?[wanted.Length];
        for (var patience = FirstPatience; ; patience = patience * 2 < MostPatience ? patience * 2 : MostPatience)
        {
            try
            {
                var refused = await TakeAsync(wanted, shares, patience, cancellationToken).ConfigureAwait(false);
                if (refused is null) return new ResourceBundle(shares);
                GiveBack(shares, isUsed: false);
                return new ResourceBundle([], refused);
            }
            catch (OperationCanceledException)
            {
                // Cancelled; or what it holds may be what somebody waits for whom it waits for.
                GiveBack(shares, isUsed: false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                GiveBack(shares, isUsed: false);
                throw;
            }
        }
    }

    /// <returns>The share that was refused; null when none was.</returns>
    /// <exception cref="OperationCanceledException">Cancelled, or time to give back what it holds.</exception>
    private static async ValueTask<BundleShare?> TakeAsync((IBundled Source, long Amount)[] wanted, BundleShare?[] shares, TimeSpan patience, CancellationToken cancellationToken)
    {
        Array.Clear(shares);
        for (var i = 0; i < wanted.Length; i++)
        {
            var (source, amount) = wanted[i];
            if (i == 0)
            {
                shares[0] = await source.TakeAsync(amount, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                using var limit = new CancellationTokenSource(patience, source.Participant.Pool.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource([cancellationToken, limit.Token, .. shares.Take(i).Select(static s => s!.RecallToken)]);
                shares[i] = await source.TakeAsync(amount, either.Token).ConfigureAwait(false);
            }

            if (shares[i]!.Refusal != RefusalReason.None) return shares[i];
        }

        return null;
    }

    private static void GiveBack(BundleShare?[] shares, bool isUsed)
    {
        // Last taken, first given back: who waits for the first of them need not wait for the next.
        for (var i = shares.Length - 1; i >= 0; i--) shares[i]?.GiveBack(isUsed);
    }
}
