using System.Runtime.CompilerServices;

namespace ResourceBorrowing.Permits;

/// <summary>The one mutable word of a participant. It only loops; the rules are in <see cref="PermitWord"/>.</summary>
/// <remarks>
/// <para><b>Ownership.</b> Anybody may read. Callers and the waiter queue change the units in use. Only who holds the
/// lock of a loan's home shard (or of all shards) changes the allocation and the debt flag; only the queue's server
/// changes the waiters flag. Whoever serves those that want units of others sets and clears <c>IsWanted</c>.</para>
/// <para><b>Order.</b> Every change is a full-fence read-modify-write of the whole word, so a flag and the units it
/// speaks of can never be seen apart. A release looks at the word its own addition produced: either it sees the flag and
/// attends, or whoever sets the flag later sees the released units.</para>
/// <para><b>Progress.</b> Lock-free. An actor stopped for ever between two steps stops no other: there is nothing to
/// wait for, only a compare-and-swap that fails because somebody else succeeded.</para>
/// <para><b>Callbacks.</b> <c>_attend</c> runs after the word has changed, outside every lock. It must not throw.</para>
/// </remarks>
internal sealed class PermitCell
{
    private readonly Action _attend;
    private PaddedWord _word;

    internal PermitCell(string holder, int allocation, Action attend)
    {
        Holder = holder;
        _attend = attend;
        _word.Bits = PermitWord.Of(allocation).Bits;
        RefusedTicket = new LeaseTicket(this);
    }

    /// <summary>The name of the participant whose units these are; refusals mention it.</summary>
    internal string Holder { get; }

    /// <summary>Stands in a refused lease for the ticket it did not get, so that the lease can still name its participant.</summary>
    internal LeaseTicket RefusedTicket { get; }

    internal PermitWord Read() => new(Volatile.Read(ref _word.Bits));

    /// <summary>The hot path: one look at the word and at this thread's ticket, one compare-and-swap, one plain store.</summary>
    /// <returns>The ticket's stamp, or 0 when the slow path must decide.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long TryAcquire(int units, out LeaseTicket? ticket)
    {
        var word = Read();
        ticket = LeaseTicket.Current;
        if (units > 0 && word.TryAcquire(units, out var next) && ticket is not null && ticket.IsReadyFor(this, units) && TrySwap(word, next))
            return ticket.Take();
        return 0;
    }

    /// <summary>As the hot path, for any ticket and under contention.</summary>
    internal bool TryAcquireSlow(int units)
    {
        for (var word = Read(); word.TryAcquire(units, out var next); word = Read())
            if (TrySwap(word, next)) return true;
        return false;
    }

    /// <summary>Serves a waiter, or a caller that may pass the queue.</summary>
    /// <param name="units">How many.</param>
    /// <param name="isLast">Whether nobody waits after this one, so that the flag can go with the same swap.</param>
    /// <param name="seen">The very word that granted or refused; only on this one may waiters be announced.</param>
    internal bool TryGrant(int units, bool isLast, out PermitWord seen)
    {
        for (seen = Read(); seen.TryGrant(units, out var next); seen = Read())
            if (TrySwap(seen, isLast ? next.WithoutWaiters() : next)) return true;
        return false;
    }

    /// <summary>Cancelled when whoever uses these units is asked to give some up.</summary>
    internal RecallSignal Recall { get; } = new();

    /// <summary>
    /// Somebody else waits for units of this participant, so each release is told. Setting it is a full fence, and who sets
    /// it looks at the word afterwards: pairs with <see cref="Release"/>, which changes the word and then looks here.
    /// </summary>
    internal bool IsWanted
    {
        get => Volatile.Read(ref _word.Mark) != 0;
        set => Interlocked.Exchange(ref _word.Mark, value ? 1 : 0);
    }

    /// <summary>Gives units back that a ticket proves were taken; pays and serves when somebody waits for them.</summary>
    internal void Release(int units)
    {
        if (!ReleaseQuietly(units).IsQuiet || IsWanted) _attend();
    }

    /// <summary>Takes units that need not be there: a pool that only observes refuses nobody.</summary>
    /// <returns>False when the count itself would overflow.</returns>
    internal bool TryTakeUnchecked(int units)
    {
        for (var word = Read(); word.TryTakeUnchecked(units, out var next); word = Read())
            if (TrySwap(word, next)) return true;
        return false;
    }

    /// <summary>The token of <see cref="Recall"/>; already cancelled while units are owed.</summary>
    internal CancellationToken RecallToken
    {
        get
        {
            var token = Recall.Token;
            // Made, then looked: pairs with the debtor's home, which flags the debt and then takes the source.
            return Read().OwesDebt ? new CancellationToken(canceled: true) : token;
        }
    }

    /// <summary>Lets debts be paid and waiters be served with what is free.</summary>
    internal void Attend() => _attend();

    /// <summary>Gives units back without attending: for the queue's server, which looks at the word again anyway.</summary>
    internal PermitWord ReleaseQuietly(int units) => new(Interlocked.Add(ref _word.Bits, -units));

    internal PermitWord Credit(int units) => new(Interlocked.Add(ref _word.Bits, PermitWord.Of(units).Bits));

    /// <returns>The units paid now; the rest of <paramref name="owed"/> is owed from this instant on.</returns>
    internal int Repay(int owed, out PermitWord after)
    {
        while (true)
        {
            var word = Read();
            after = word.Repay(owed, out var paid);
            if (TrySwap(word, after)) return paid;
        }
    }

    /// <summary>Pays all of it, or nothing: fails when too few units are free.</summary>
    internal bool TryRepayAll(int owed)
    {
        while (true)
        {
            var word = Read();
            var after = word.Repay(owed, out var paid);
            if (paid < owed) return false;
            if (TrySwap(word, after)) return true;
        }
    }

    /// <summary>
    /// The queue's front does not fit <paramref name="seen"/>: says so in the word. Fails when anything changed since that
    /// was read, above all when units became free: then the front must be tried again (no lost wake-up).
    /// </summary>
    internal bool TryAnnounceWaiters(PermitWord seen) => seen.HasWaiters || TrySwap(seen, seen.WithWaiters());

    internal void RetractWaiters()
    {
        for (var word = Read(); word.HasWaiters; word = Read())
            if (TrySwap(word, word.WithoutWaiters())) return;
    }

    /// <summary>Sets the waiters flag for good, so that every later request takes the slow path and learns why.</summary>
    internal void Close()
    {
        while (!TryAnnounceWaiters(Read())) { }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TrySwap(PermitWord from, PermitWord to) =>
        Interlocked.CompareExchange(ref _word.Bits, to.Bits, from.Bits) == from.Bits;
}
