namespace ResourceBorrowing.Simulator.Hosts;

/// <summary>
/// Which requests begin at given instants. A set of as many requests as instants can do so exactly when, both in order, each has come by its instant and is not yet
/// too late. From one such set this goes to the fairest by exchanges: a request comes in, another goes out, those between move by one instant.
/// </summary>
/// <param name="at">When each request came, in order.</param>
/// <param name="who">Whose it is.</param>
/// <param name="starts">The instants, in order.</param>
/// <param name="served">The requests that begin at them, in order; changed in place.</param>
/// <param name="asked">Requests of each participant.</param>
/// <param name="patience">How long a request can wait.</param>
internal sealed class FairChoice(IReadOnlyList<long> at, IReadOnlyList<int> who, IReadOnlyList<long> starts, int[] served, long[] asked, long patience)
{
    private readonly long[] _count = new long[asked.Length];
    private readonly bool[] _isServed = new bool[at.Count];

    /// <summary>Requests of each participant that begin.</summary>
    internal long[] Count => _count;

    internal void Improve()
    {
        foreach (var request in served)
        {
            _isServed[request] = true;
            _count[who[request]]++;
        }

        do while (ExchangeAll()) { }
        while (ExchangeThroughOthers());
    }

    /// <summary>Whether the one participant gaining a request and the other losing one makes things fairer.</summary>
    private bool IsFairer(int gaining, int losing)
    {
        if (gaining == losing || _count[losing] == 0) return false;
        // As fractions, without dividing: what the loser keeps against what the gainer has.
        var kept = (_count[losing] - 1) * asked[gaining];
        var had = _count[gaining] * asked[losing];
        return kept > had || (kept == had && (_count[gaining] + 1) * asked[losing] > _count[losing] * asked[gaining]);
    }

    /// <summary>Whether the one can better lose a request than the other: it keeps more, or as much and has less now.</summary>
    private bool IsRicher(int one, int other)
    {
        if (other < 0) return true;
        var (keeps, others) = ((_count[one] - 1) * asked[other], (_count[other] - 1) * asked[one]);
        return keeps > others || (keeps == others && _count[one] * asked[other] < _count[other] * asked[one]);
    }

    private bool ExchangeAll()
    {
        var isAny = false;
        for (var request = 0; request < at.Count; request++)
        {
            if (_isServed[request] || !IsFairer(who[request], Richest())) continue;
            var (best, richest) = (-1, -1);
            foreach (var place in Exchangeable(request))
            {
                var owner = who[served[place]];
                if (!IsFairer(who[request], owner) || !IsRicher(owner, richest)) continue;
                (best, richest) = (place, owner);
            }

            if (best < 0) continue;
            Exchange(request, best);
            isAny = true;
        }

        return isAny;
    }

    private int Richest()
    {
        var richest = -1;
        for (var i = 0; i < asked.Length; i++)
            if (_count[i] > 0 && IsRicher(i, richest)) richest = i;
        return richest;
    }

    /// <summary>Where an exchange between two is impossible, the one may gain from a third that gains from the other.</summary>
    private bool ExchangeThroughOthers()
    {
        var canLose = new bool[asked.Length, asked.Length];
        for (var request = 0; request < at.Count; request++)
        {
            if (_isServed[request]) continue;
            foreach (var place in Exchangeable(request)) canLose[who[request], who[served[place]]] = true;
        }

        var isAny = false;
        foreach (var poorest in Enumerable.Range(0, asked.Length).Where(i => asked[i] > 0).OrderBy(i => (double)_count[i] / asked[i]).ToArray())
        {
            if (!IsFairer(poorest, Richest())) continue;
            foreach (var way in Ways(poorest, canLose))
            {
                if (!IsFairer(poorest, way[^1]) || !TryExchange(way)) continue;
                isAny = true;
                break;
            }
        }

        return isAny;
    }

    /// <summary>Shortest ways from a participant to each that may lose for it.</summary>
    private static IEnumerable<List<int>> Ways(int from, bool[,] canLose)
    {
        var before = new Dictionary<int, int> { [from] = -1 };
        var next = new Queue<int>([from]);
        while (next.TryDequeue(out var gaining))
        {
            for (var losing = 0; losing < canLose.GetLength(1); losing++)
            {
                if (!canLose[gaining, losing] || !before.TryAdd(losing, gaining)) continue;
                next.Enqueue(losing);
                var way = new List<int>();
                for (var i = losing; i >= 0; i = before[i]) way.Add(i);
                way.Reverse();
                yield return way;
            }
        }
    }

    /// <summary>Makes one exchange after the other along a way; all of them, or none.</summary>
    private bool TryExchange(List<int> way)
    {
        var (kept, counts, flags) = ((int[])served.Clone(), (long[])_count.Clone(), (bool[])_isServed.Clone());
        for (var i = 0; i + 1 < way.Count; i++)
        {
            if (TryExchange(way[i], way[i + 1])) continue;
            kept.CopyTo(served, 0);
            counts.CopyTo(_count, 0);
            flags.CopyTo(_isServed, 0);
            return false;
        }

        return true;
    }

    private bool TryExchange(int gaining, int losing)
    {
        for (var request = 0; request < at.Count; request++)
        {
            if (_isServed[request] || who[request] != gaining) continue;
            foreach (var place in Exchangeable(request))
            {
                if (who[served[place]] != losing) continue;
                Exchange(request, place);
                return true;
            }
        }

        return false;
    }

    /// <summary>The places of all requests that one that is not served could replace.</summary>
    private IEnumerable<int> Exchangeable(int request)
    {
        var place = ~Array.BinarySearch(served, request);
        bool Fits(int candidate, int instant) => at[candidate] <= starts[instant] && starts[instant] <= at[candidate] + patience;

        // It begins in its place, and those behind it later, up to the one that goes.
        for (var i = place; i < served.Length && Fits(i == place ? request : served[i - 1], i); i++) yield return i;
        // It begins one instant earlier, and those before it as well, down to the one that goes.
        for (var i = place - 1; i >= 0 && Fits(i == place - 1 ? request : served[i + 1], i); i--) yield return i;
    }

    private void Exchange(int request, int place)
    {
        var leaving = served[place];
        var own = ~Array.BinarySearch(served, request);
        if (place >= own)
        {
            Array.Copy(served, own, served, own + 1, place - own);
            served[own] = request;
        }
        else
        {
            Array.Copy(served, place + 1, served, place, own - 1 - place);
            served[own - 1] = request;
        }

        (_isServed[request], _isServed[leaving]) = (true, false);
        _count[who[request]]++;
        _count[who[leaving]]--;
    }
}
