using System.Runtime.InteropServices;

namespace ResourceBorrowing.Reputation;

/// <summary>
/// All that is remembered of one name: its record and score, its dealings with each other name, what others say of it, and its last changes. Outlives
/// removal of the participant.
/// </summary>
/// <remarks>
/// <b>Ownership.</b> The lock keeps everything whole; who changes the record has read it before, asked the policy meanwhile without the lock, and begins again
/// when another was faster. <b>Progress.</b> Reading the score on the borrow path takes no lock.
/// </remarks>
internal sealed class Standing(string name)
{
    internal const double Newcomer = 50;

    // Whoever deals with more is judged by the latest: its dealings with the others are forgotten, what they brought is not.
    private const int MostPartners = 128;

    private readonly Lock _lock = new();
    private ReputationRecord _record;
    private double _score = Newcomer;
    private int _changes;
    private Dictionary<Standing, Dealings>? _dealings;
    private Dictionary<Standing, Opinion>? _opinions;
    private ReputationHistory? _history;
    private Action<double>? _follow;
    private int _refusals;
    private double _reportsLeft;
    private TimeSpan _reportedAt = TimeSpan.MinValue;
    private long _completed;
    private long _honoured;

    internal string Name { get; } = name;

    /// <summary>The score after the last evidence; decay since then is not in it, unless it was low and somebody had it looked at again.</summary>
    internal double Score => Volatile.Read(ref _score);

    /// <summary>Loans that it brought back whole.</summary>
    internal long Completed => Volatile.Read(ref _completed);

    /// <summary>Loans that it gave and honoured.</summary>
    internal long Honoured => Volatile.Read(ref _honoured);

    /// <summary>The link of those whose requests have been refused for a reason of their own.</summary>
    internal Standing? NextRefused { get; set; }

    /// <summary>Another request was refused for a reason of its own.</summary>
    /// <returns>Whether it is the first that nobody has judged.</returns>
    internal bool CountRefusal() => Interlocked.Increment(ref _refusals) == 1;

    internal int TakeRefusals() => Interlocked.Exchange(ref _refusals, 0);

    internal void CountCompleted(int loans) => Interlocked.Add(ref _completed, loans);

    internal void CountHonoured(int loans) => Interlocked.Add(ref _honoured, loans);

    /// <summary>The record, and how often it was changed until then.</summary>
    internal ReputationRecord Read(out int changes)
    {
        lock (_lock)
        {
            changes = _changes;
            return _record;
        }
    }

    /// <summary>The record, the dealings with that partner, and how often the record was changed until then.</summary>
    internal int Read(Standing? partner, out ReputationRecord record, out Dealings dealings)
    {
        dealings = default;
        lock (_lock)
        {
            if (partner is not null) _dealings?.TryGetValue(partner, out dealings);
            record = _record;
            return _changes;
        }
    }

    /// <summary>Whether loans between the two have been settled.</summary>
    internal bool HasDealtWith(Standing partner)
    {
        lock (_lock) return _dealings?.ContainsKey(partner) == true;
    }

    /// <summary>Changes the record, unless another has since it was read.</summary>
    internal bool TrySet(int changes, in ReputationRecord record, Standing? partner, in Dealings dealings, in ReputationChange change, double before, double after)
    {
        lock (_lock)
        {
            if (changes != _changes) return false;
            _record = record;
            _changes++;
            if (partner is not null) Remember(partner, dealings);
            (_history ??= new ReputationHistory(Newcomer)).Add(change, before, after);
            Publish(after);
            return true;
        }
    }

    /// <summary>The score that decay alone has made of the record; nothing when there was evidence meanwhile.</summary>
    internal void Fade(double score, int changes)
    {
        lock (_lock)
            if (changes == _changes) Publish(score);
    }

    /// <summary>From now on the score is told whenever it changes, and now; nobody when null. What is called must neither wait nor throw.</summary>
    internal void Follow(Action<double>? follow)
    {
        lock (_lock)
        {
            _follow = follow;
            follow?.Invoke(_score);
        }
    }

    /// <summary>One more report of another; how many of them count is the policy's business.</summary>
    internal void Hear(Standing reporter, double @for, double against, TimeSpan at, Func<TimeSpan, double> fading)
    {
        lock (_lock)
        {
            _opinions ??= [];
            ref var opinion = ref CollectionsMarshal.GetValueRefOrAddDefault(_opinions, reporter, out _);
            opinion = opinion.After(@for, against, at, fading(at - opinion.At));
        }
    }

    /// <summary>What everybody has said of it.</summary>
    internal KeyValuePair<Standing, Opinion>[] Opinions
    {
        get
        {
            lock (_lock) return _opinions is null ? [] : [.. _opinions];
        }
    }

    /// <summary>Whether it may report once more: so many a minute, and no more at once.</summary>
    internal bool TryTakeReport(int perMinute, TimeSpan now)
    {
        lock (_lock)
        {
            if (_reportedAt == TimeSpan.MinValue) _reportsLeft = perMinute;
            else _reportsLeft = Math.Min(perMinute, _reportsLeft + Math.Max(0, (now - _reportedAt).TotalMinutes) * perMinute);
            _reportedAt = now > _reportedAt ? now : _reportedAt;
            if (_reportsLeft < 1) return false;
            _reportsLeft--;
            return true;
        }
    }

    /// <summary>The last changes, and what came before: together with decay since then they are R - 50.</summary>
    internal ReputationChange[] ReadHistory(out ReputationRecord record, out double carried, out double decay, out double score)
    {
        lock (_lock)
        {
            record = _record;
            (carried, decay, score) = _history is { } h ? (h.Carried, h.Decay, h.Score) : (0, 0, Newcomer);
            return _history?.Changes ?? [];
        }
    }

    /// <summary>All of it, to be kept elsewhere.</summary>
    internal void Save(out ReputationRecord record, out KeyValuePair<Standing, Dealings>[] dealings, out KeyValuePair<Standing, Opinion>[] opinions)
    {
        lock (_lock)
        {
            record = _record;
            dealings = _dealings is null ? [] : [.. _dealings];
            opinions = _opinions is null ? [] : [.. _opinions];
        }
    }

    /// <summary>Takes the place of all that is remembered.</summary>
    internal void Load(in ReputationRecord record, double score, long completed, long honoured, Dictionary<Standing, Dealings> dealings, Dictionary<Standing, Opinion> opinions)
    {
        lock (_lock)
        {
            (_record, _dealings, _opinions) = (record, dealings, opinions);
            (_completed, _honoured) = (completed, honoured);
            _history = new ReputationHistory(score);
            _changes++;
            Publish(score);
        }
    }

    private void Remember(Standing partner, in Dealings dealings)
    {
        _dealings ??= [];
        if (_dealings.Count >= MostPartners && !_dealings.ContainsKey(partner)) ForgetOldest(_dealings);
        _dealings[partner] = dealings;
    }

    private static void ForgetOldest(Dictionary<Standing, Dealings> dealings)
    {
        Standing? oldest = null;
        var asOf = TimeSpan.MaxValue;
        foreach (var (partner, known) in dealings)
            if (known.AsOf < asOf) (oldest, asOf) = (partner, known.AsOf);
        if (oldest is not null) dealings.Remove(oldest);
    }

    private void Publish(double score)
    {
        Volatile.Write(ref _score, score);
        _follow?.Invoke(score);
    }
}
