using Microsoft.Extensions.Time.Testing;

namespace ResourceBorrowing.Benchmarks;

/// <summary>Loans that all fall due in one tick.</summary>
internal sealed class Expiry : IDisposable
{
    internal const int Rounds = 6;

    private static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly ResourcePool _pool;
    private readonly ManyLoans _loans;

    internal Expiry()
    {
        _pool = Stage.Pool(ManyLoans.Parties, ManyLoans.Million, time: _time, lendsAll: true);
        _loans = new ManyLoans(_pool.Participants);
    }

    /// <summary>Whether everything has come back and been judged by the time the clock stood still again, always.</summary>
    internal bool IsSettled { get; private set; } = true;

    /// <returns>Nanoseconds for each of <paramref name="count"/> loans, from due to settled and judged.</returns>
    internal double Run(int count)
    {
        _loans.Borrow(count, Term);
        var began = Stopwatch.GetTimestamp();
        _time.Advance(Term);
        var elapsed = Stopwatch.GetElapsedTime(began);
        IsSettled &= _loans is { Outstanding: 0, AreJudged: true };
        return elapsed.TotalNanoseconds / count;
    }

    public void Dispose() => _pool.Dispose();
}
