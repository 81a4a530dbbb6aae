using ResourceBorrowing.Loans;
using ResourceBorrowing.Reputation;
using ResourceBorrowing.Stability;

namespace ResourceBorrowing;

/// <summary>
/// Which loans were out in which second, and which still wait for a judgement of what they did to their lender. Only lenders whose requests are recorded are
/// watched; of all others the impact is not known.
/// </summary>
/// <remarks>Thread-safe by one lock, which is held for moments and never while user code runs; loans are booked by whoever judges them, samples and judgements, the list of these among them, are the loop's.</remarks>
internal sealed class ImpactBook(ResourcePool pool, StabilityMonitor monitor)
{
    // So many samples pass before loans are judged, so that what came after them counts as well; after so many more without a result it stays unknown.
    private const int SamplesPerJudgement = 10;
    private const int MostWaiting = 90;
    private const int MostControls = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<Participant, WatchedLender> _lenders = [];
    private readonly Dictionary<Participant, SampleRing> _inLoan = [];
    private readonly List<(Participant Borrower, Participant Lender, Evidence Evidence)> _judged = [];

    /// <summary>Takes note of a settled loan whose impact can be found out.</summary>
    /// <returns>Whether it will be judged later.</returns>
    internal bool TryBook(Participant lender, Participant borrower, in LoanOutcome outcome, double weight, double kept)
    {
        if (lender.Outcomes is null) return false;
        lock (_lock)
        {
            var loans = Watch(lender).LoansOf(borrower);
            // What lasts longer is out when a sample is taken, and what is lost still is: those are noted then.
            var isShort = outcome.Lost == 0 && outcome.UnitMilliseconds < outcome.Units * StabilityWatch.SampleMilliseconds;
            if (isShort) loans.UnitMilliseconds += outcome.UnitMilliseconds;
            if (loans.Weight == 0) loans.WaitsSince = monitor.Samples;
            loans.LastAt = monitor.Samples;
            loans.Weight += weight;
            loans.Kept += weight * kept;
        }

        return true;
    }

    internal void Forget(Participant participant)
    {
        lock (_lock)
        {
            _lenders.Remove(participant);
            _inLoan.Remove(participant);
            foreach (var lender in _lenders.Values) lender.Loans.Remove(participant);
        }
    }

    /// <summary>Who has what of whom, once a second, just after the monitor's own sample; now and then what can be judged is.</summary>
    internal void Sample(long now)
    {
        var number = monitor.Samples - 1;
        lock (_lock)
        {
            foreach (var participant in pool.AllWithReserve)
            {
                if (participant.Outcomes is null) continue;
                if (!_inLoan.TryGetValue(participant, out var ring)) _inLoan[participant] = ring = new SampleRing();
                ring.Add(number, participant.Borrowed > 0 || participant.Lent > 0 || _lenders.TryGetValue(participant, out var w) && w.WasBusy ? 1 : 0);
                NoteLoans(participant, number);
            }

            foreach (var (lender, watched) in _lenders)
            {
                if (watched.Loans.Count == 0 || (number + watched.Offset) % SamplesPerJudgement != 0) continue;
                Judge(lender, watched, TimeSpan.FromMilliseconds(now));
            }
        }

        // The policy is user code.
        foreach (var (borrower, lender, evidence) in _judged) pool.Reputations.Apply(borrower.Standing, evidence, lender.Standing);
        _judged.Clear();
    }

    private WatchedLender Watch(Participant lender) =>
        _lenders.TryGetValue(lender, out var watched) ? watched : _lenders[lender] = new WatchedLender { Offset = _lenders.Count };

    private void NoteLoans(Participant lender, long number)
    {
        foreach (var group in lender.Account.Harm.Groups)
        {
            if (group.Units == 0 || group.Borrower.Owner is not Participant borrower) continue;
            Watch(lender).LoansOf(borrower).Out += group.Units;
        }

        if (!_lenders.TryGetValue(lender, out var watched)) return;
        var whole = (double)Math.Max(1, lender.NominalQuota) * StabilityWatch.SampleMilliseconds;
        watched.WasBusy = false;
        foreach (var loans in watched.Loans.Values)
        {
            // The mean of what was out at either end of the second. Taking the latter for all of it would date each loan too early, and latencies, which are those of
            // requests that ended in the second, come late: a second's difference is enough for a change to look like a coincidence.
            loans.UnitMilliseconds += (loans.OutBefore + loans.Out) / 2.0 * StabilityWatch.SampleMilliseconds;
            var share = Math.Min(1, loans.UnitMilliseconds / whole);
            loans.Shares.Add(number, share);
            watched.WasBusy |= share > 0;
            loans.UnitMilliseconds = 0;
            (loans.OutBefore, loans.Out) = (loans.Out, 0);
        }
    }

    private void Judge(Participant lender, WatchedLender watched, TimeSpan now)
    {
        var end = monitor.Samples;
        var waiting = watched.Loans.Where(static l => l.Value.Weight > 0).ToArray();
        if (waiting.Length > 0 && lender.Outcomes is { } outcomes)
        {
            // Windows from before there was any sample say of nobody that it was away in them.
            var windows = (int)Math.Min(Attribution.Windows, end);
            var latencies = new double[windows];
            var median = new double[windows];
            outcomes.LogLatencies.CopyTo(end, latencies);
            var controls = Compare(lender, watched, end, median);
            var all = watched.Loans.ToArray();
            var shares = new double[all.Length * windows];
            for (var i = 0; i < all.Length; i++) all[i].Value.Shares.CopyTo(end, shares.AsSpan(i * windows, windows));
            var impacts = new Impact?[all.Length];
            if (!TryJudgeAlone(all, shares, latencies, median, controls, impacts)) Attribution.OfBorrowers(latencies, median, controls, shares, impacts);

            for (var i = 0; i < all.Length; i++)
            {
                var (borrower, loans) = all[i];
                if (loans.Weight == 0) continue;
                var isTooLate = end - loans.WaitsSince > MostWaiting;
                // As long as what follows a loan can be measured, it may be too early to call it harmless.
                if (impacts[i] is null && !isTooLate || impacts[i] is { Score: 0 } && end - loans.LastAt < SamplesPerJudgement && !isTooLate) continue;
                _judged.Add((borrower, lender, EvidenceOf(loans, impacts[i], now)));
                loans.Weight = loans.Kept = 0;
            }
        }

        foreach (var (borrower, loans) in watched.Loans.ToArray())
            if (loans.Weight == 0 && loans.Shares.IsEmptyUntil(end)) watched.Loans.Remove(borrower);
    }

    private static Evidence EvidenceOf(LoansOfPair loans, Impact? impact, TimeSpan now) => new(
        EvidenceSource.Impact, loans.Weight, loans.Kept / loans.Weight, 1, now,
        impact is null ? "impact of a loan not known" : impact is { Score: > 0 } ? "slowed its lender down" : "did its lender no harm")
    {
        Impact = impact?.Score,
    };

    /// <summary>One borrower whose loans were one stretch of time, long enough, after a quiet time and long enough ago: before and after can be compared.</summary>
    private static bool TryJudgeAlone(
        KeyValuePair<Participant, LoansOfPair>[] all, double[] shares, Span<double> latencies, Span<double> median, Controls controls, Impact?[] impacts)
    {
        if (all.Length != 1) return false;
        var first = Array.FindIndex(shares, static s => s > 0);
        var last = Array.FindLastIndex(shares, static s => s > 0);
        var during = last - first + 1;
        var after = Math.Min(Attribution.BaselineSamples, during);
        if (first < Attribution.LeastSamples || during < Attribution.LeastSamples || shares.Length - 1 - last < after) return false;
        for (var i = first; i <= last; i++)
            if (!(shares[i] > 0)) return false;
        var before = Math.Min(first, Attribution.BaselineSamples);
        var (from, length) = (first - before, before + during + after);
        impacts[0] = Attribution.OfLoan(latencies.Slice(from, length), median.Slice(from, length), controls, before, during);
        return true;
    }

    /// <summary>The median of those that were in no loan; seconds in which they were do not count.</summary>
    private Controls Compare(Participant lender, WatchedLender watched, long end, Span<double> median)
    {
        var windows = median.Length;
        var series = new double[MostControls * windows];
        Span<double> inLoan = stackalloc double[Attribution.Windows];
        inLoan = inLoan[..windows];
        var count = 0;
        foreach (var (participant, ring) in _inLoan)
        {
            if (count == MostControls) break;
            if (participant == lender || watched.Loans.ContainsKey(participant) || participant.Outcomes is not { } outcomes) continue;
            var samples = series.AsSpan(count * windows, windows);
            outcomes.LogLatencies.CopyTo(end, samples);
            ring.CopyTo(end, inLoan);
            for (var i = 0; i < samples.Length; i++)
                if (inLoan[i] > 0) samples[i] = double.NaN;
            count++;
        }

        return Controls.Of(series.AsSpan(0, count * windows), monitor.WasSteady(end, windows), median);
    }

    private sealed class WatchedLender
    {
        internal Dictionary<Participant, LoansOfPair> Loans { get; } = [];

        /// <summary>So that not all lenders are judged in one second.</summary>
        internal int Offset { get; init; }

        internal bool WasBusy { get; set; }

        internal LoansOfPair LoansOf(Participant borrower) => Loans.TryGetValue(borrower, out var loans) ? loans : Loans[borrower] = new LoansOfPair();
    }

    private sealed class LoansOfPair
    {
        internal SampleRing Shares { get; } = new();

        /// <summary>Lent in this second.</summary>
        internal double UnitMilliseconds { get; set; }

        /// <summary>Units out when the last sample was taken, and now, while it is.</summary>
        internal int OutBefore { get; set; }

        internal int Out { get; set; }

        /// <summary>The weight of settled loans that nobody has judged, and the part of it that came back in time.</summary>
        internal double Weight { get; set; }

        internal double Kept { get; set; }

        internal long WaitsSince { get; set; }

        internal long LastAt { get; set; }
    }
}
