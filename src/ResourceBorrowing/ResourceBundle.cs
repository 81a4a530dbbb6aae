namespace ResourceBorrowing;

/// <summary>Units of several participants, taken all or none: several kinds of resource for one piece of work. Dispose it to give all of them back.</summary>
/// <remarks>
/// Thread-safe. Disposing it twice, or on several threads at once, gives the units back once. A bundle that nobody disposes keeps its units in use for ever.
/// </remarks>
public sealed class ResourceBundle : IDisposable
{
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(1);

    private readonly ResourceLease[] _leases;
    private readonly ResourceLease _refused;

    private ResourceBundle(ResourceLease[] leases, ResourceLease refused = default)
    {
        _leases = leases;
        _refused = refused;
    }

    /// <summary>Whether all units were granted. Stays true after disposal.</summary>
    public bool IsAcquired => Refusal == RefusalReason.None;

    /// <summary>Why one participant refused; <see cref="RefusalReason.None"/> when none did.</summary>
    public RefusalReason Refusal => _refused.Refusal;

    /// <summary>The refusal in words, with the participant and the numbers that decided; made when asked for.</summary>
    public string Explanation => IsAcquired ? "granted" : _refused.Explanation;

    /// <summary>Takes units of several participants, of one pool or of several, waiting for them while they are not free; all or none.</summary>
    /// <param name="requests">Of whom, and how many units, from 1. Who is named twice is asked once, for the sum. None makes an empty bundle.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bundle; when one participant refused, one that says why and holds nothing. Await it once: units granted to a task that nobody awaits stay in use.</returns>
    /// <remarks>
    /// All bundles take units in the same order, that in which the participants joined, so they never wait for each other in a circle. Who waits while
    /// it holds some gives all of them back and begins anew when those are recalled, or when the wait lasts long (1 s, each time twice as long, at the most
    /// 1 min): so no circle through loans lasts either. Nobody should ask for a bundle while holding other units.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The requests, or a participant of them, are null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or in sum above the participant's ceiling: that could never succeed. Nothing was taken.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before all were granted; nothing is held.</exception>
    /// <exception cref="ObjectDisposedException">A pool has been, or was meanwhile, disposed; nothing is held.</exception>
    public static ValueTask<ResourceBundle> AcquireAllAsync(IEnumerable<(Participant Participant, int Units)> requests, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return AcquireAllAsync(InOrder(requests), cancellationToken);
    }

    /// <summary>Gives all units back, unless that was done before. Never throws, never waits.</summary>
    public void Dispose() => GiveBack(_leases);

    /// <summary>The outcome in words.</summary>
    public override string ToString() => Explanation;

    private static (Participant Participant, int Units)[] InOrder(IEnumerable<(Participant Participant, int Units)> requests)
    {
        var sums = new SortedList<long, (Participant Participant, int Units)>();
        foreach (var (participant, units) in requests)
        {
            ArgumentNullException.ThrowIfNull(participant, nameof(requests));
            ThrowIfImpossible(participant, units, nameof(requests));
            sums.TryGetValue(participant.Serial, out var before);
            sums[participant.Serial] = (participant, (int)Math.Min(int.MaxValue, (long)before.Units + units));
        }

        foreach (var (participant, units) in sums.Values) ThrowIfImpossible(participant, units, nameof(requests));
        return [.. sums.Values];
    }

    private static void ThrowIfImpossible(Participant participant, int units, string name)
    {
        // A pool that observes refuses nothing.
        if (units < 1 || !participant.Pool.IsObserving) participant.ThrowIfImpossible(units, name);
    }

    private static async ValueTask<ResourceBundle> AcquireAllAsync((Participant Participant, int Units)[] wanted, CancellationToken cancellationToken)
    {
        var leases = new ResourceLease[wanted.Length];
        for (var patience = FirstPatience; ; patience = patience * 2 < MostPatience ? patience * 2 : MostPatience)
        {
            try
            {
                var refused = await TakeAsync(wanted, leases, patience, cancellationToken).ConfigureAwait(false);
                if (refused is not { } refusal) return new ResourceBundle(leases);
                GiveBack(leases);
                return new ResourceBundle([], refusal);
            }
            catch (OperationCanceledException)
            {
                // Cancelled; or what it holds may be what somebody waits for whom it waits for.
                GiveBack(leases);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                GiveBack(leases);
                throw;
            }
        }
    }

    /// <returns>The lease that was refused; null when none was.</returns>
    /// <exception cref="OperationCanceledException">Cancelled, or time to give back what it holds.</exception>
    private static async ValueTask<ResourceLease?> TakeAsync((Participant Participant, int Units)[] wanted, ResourceLease[] leases, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            var (participant, units) = wanted[i];
            if (i == 0)
            {
                leases[0] = await participant.AcquireAsync(units, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                using var limit = new CancellationTokenSource(patience, participant.Pool.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource([cancellationToken, limit.Token, .. leases.Take(i).Select(static l => l.RecallToken)]);
                leases[i] = await participant.AcquireAsync(units, either.Token).ConfigureAwait(false);
            }

            if (!leases[i].IsAcquired) return leases[i];
        }

        return null;
    }

    private static void GiveBack(ResourceLease[] leases)
    {
        // Last taken, first given back: who waits for the first of them need not wait for the next.
        for (var i = leases.Length - 1; i >= 0; i--) leases[i].Dispose();
    }
}
