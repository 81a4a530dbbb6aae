using ResourceBorrowing.Reputation;
using ResourceBorrowing.Simulator.Hosts;

namespace ResourceBorrowing.Simulator.Studies;

/// <summary>The library's own pool in virtual time. Everybody owns as much, may lend all of it, and borrows by hand only.</summary>
internal sealed class PoolUnderAttack : IDisposable
{
    internal const int Quota = 10;

    // For those that join later.
    private const int Spare = 1_000;

    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    private readonly VirtualTime _time = new();

    internal PoolUnderAttack(IReputationPolicy policy, int participants, TimeSpan? term = null)
    {
        var options = new ResourcePoolOptions { Capacity = participants * Quota + Spare, Reputation = { ReportsPerMinute = 10_000 } };
        if (term is { } length) (options.DefaultTerm, options.GracePeriod) = (length, length);
        for (var i = 0; i < participants; i++) options.AddParticipant(NameOf(i), Quota, Configure);
        (Term, Grace) = (options.DefaultTerm, options.GracePeriod);
        Pool = new ResourcePool(options, _time, policy, loggerFactory: null, meterFactory: null, signals: null, shards: 1);
    }

    internal ResourcePool Pool { get; }

    internal TimeSpan Term { get; }

    internal TimeSpan Grace { get; }

    internal Participant this[int place] => Pool[NameOf(place)];

    /// <summary>A reference loan from its start to its end, unless it is refused.</summary>
    internal bool Lend(Participant lender, Participant borrower, int units = Quota, TimeSpan? term = null)
    {
        var length = term ?? Term;
        if (!borrower.TryBorrow(lender, units, length).IsGranted) return false;
        Advance(length);
        return true;
    }

    /// <summary>A loan whose units the borrower uses until they count as lost, unless it is refused. Then it still holds them.</summary>
    /// <returns>What lets go of them.</returns>
    internal ResourceLease? Lose(Participant lender, Participant borrower, int units = Quota)
    {
        if (!borrower.TryBorrow(lender, units, Term).IsGranted) return null;
        var lease = borrower.TryAcquire(borrower.Allocation);
        Advance(Term + Grace + Instant);
        return lease;
    }

    internal Participant Add(string name, int quota, bool borrowsOnDemand = false)
    {
        var options = new ParticipantOptions { Name = name, NominalQuota = quota };
        Configure(options);
        options.BorrowOnDemand = borrowsOnDemand;
        return Pool.Add(options);
    }

    /// <summary>Random reference loans between any two of the first participants, each returned in time: all become about 91.</summary>
    internal void Prosper(int participants, Random random)
    {
        for (var i = 0; i < participants * 75; i++)
        {
            var borrower = random.Next(participants);
            var lender = (borrower + 1 + random.Next(participants - 1)) % participants;
            Lend(this[lender], this[borrower]);
        }
    }

    internal void Advance(TimeSpan time)
    {
        var until = _time.Now + time.Ticks;
        for (var due = _time.NextDue; due <= until; due = _time.NextDue)
        {
            _time.Now = Math.Max(_time.Now, due);
            _time.Fire();
        }

        _time.Now = until;
    }

    public void Dispose() => Pool.Dispose();

    private static void Configure(ParticipantOptions options) => (options.LendingLimit, options.BorrowOnDemand) = (options.NominalQuota, false);

    private static string NameOf(int place) => $"api{place}";
}
