namespace ResourceBorrowing.Simulator.Model;

/// <summary>
/// The requests of a scenario, step by step. A participant's requests of all steps so far are its scaled demand rounded down; those of one step fall at
/// random, independently and evenly over it. Each participant has a generator of its own, so what one does leaves the others' requests as they are.
/// </summary>
internal sealed class RequestStream
{
    private const int HogFactor = 10;
    private const int OnOffSteps = 20;
    private const int LiesPerRequest = 3;
    private const int LieServiceTimes = 4;
    private const int LeakEvery = 100;

    private readonly Scenario _scenario;
    private readonly double[] _owed;
    private readonly Random[] _random;
    private readonly Random _adversaryRandom;
    private readonly List<Request> _requests = [];
    private long _step;
    private long _adversaryRequests;

    internal RequestStream(Scenario scenario)
    {
        _scenario = scenario;
        _owed = new double[scenario.Names.Count];
        var seeds = new Random(scenario.Model.Seed);
        _adversaryRandom = new Random(seeds.Next());
        _random = [.. scenario.Names.Select(_ => new Random(seeds.Next()))];
    }

    /// <summary>The requests of the next step, in the order of time; valid until the next call.</summary>
    internal List<Request> Next(double[] demand)
    {
        _requests.Clear();
        for (var i = 0; i < demand.Length; i++)
        {
            _owed[i] += _scenario.RequestsOf(i, demand[i]);
            var count = (int)Math.Min(int.MaxValue, _owed[i]);
            _owed[i] -= count;
            for (var n = 0; n < count; n++) Add(i, _random[i], _scenario.Model.ServiceTicks, isReal: true);
            if (i == _scenario.Adversary) AddMischief(count);
        }

        _step++;
        _requests.Sort();
        return _requests;
    }

    private void AddMischief(int honest)
    {
        var service = _scenario.Model.ServiceTicks;
        switch (_scenario.Model.Adversary)
        {
            case AdversaryKind.Hog:
            case AdversaryKind.OnOff when _step / OnOffSteps % 2 == 1:
                for (var n = 0; n < honest * (HogFactor - 1); n++) Add(_scenario.Adversary, _adversaryRandom, service, isReal: false);
                break;
            case AdversaryKind.Liar:
                for (var n = 0; n < honest * LiesPerRequest; n++) Add(_scenario.Adversary, _adversaryRandom, service * LieServiceTimes, isReal: false);
                break;
            case AdversaryKind.Leaker:
                for (var n = _requests.Count - honest; n < _requests.Count; n++)
                    if (++_adversaryRequests % LeakEvery == 0) _requests[n] = _requests[n] with { Hold = Request.Forever };
                break;
        }
    }

    private void Add(int participant, Random random, long hold, bool isReal)
    {
        var at = _step * _scenario.Model.StepTicks + random.NextInt64(_scenario.Model.StepTicks);
        _requests.Add(new(at, participant, _requests.Count, hold, isReal));
    }
}
