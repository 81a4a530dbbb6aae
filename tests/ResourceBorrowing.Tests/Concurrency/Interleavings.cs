namespace ResourceBorrowing.Tests.Concurrency;

/// <summary>
/// Runs every schedule of a few actors. An actor is an iterator that yields before each shared access, so one step is one
/// access; what it yields says when the step may be taken (null: always).
/// </summary>
/// <remarks>
/// The search goes depth first and starts anew for each schedule. Schedules that lead to the same memory and have shown the same
/// values to every actor have the same future, for an actor's state follows from what it read since it last forgot; only
/// one of them is followed.
/// </remarks>
internal static class Interleavings
{
    /// <summary>More steps than any lock-free actor needs here: whoever takes them runs in circles.</summary>
    private const int MostSteps = 400;

    /// <summary>Explores all schedules; throws <see cref="ScheduleException"/> for the first that breaks a law.</summary>
    /// <param name="create">Makes the memory anew.</param>
    /// <param name="stopped">An actor that stops for ever after <paramref name="stoppedAfter"/> steps; -1 for none.</param>
    /// <param name="stoppedAfter">How many steps it takes before.</param>
    /// <param name="actors">Who runs.</param>
    /// <returns>How many different states were seen.</returns>
    internal static int Explore<TMemory>(Func<TMemory> create, int stopped, int stoppedAfter, params Func<TMemory, IEnumerable<Func<bool>?>>[] actors)
        where TMemory : SharedMemory
    {
        var seen = new HashSet<UInt128>();
        var choices = new List<(int Chosen, int Of)>();
        var schedule = new List<int>();
        do
        {
            Run();
            while (choices.Count > 0 && choices[^1].Chosen + 1 == choices[^1].Of) choices.RemoveAt(choices.Count - 1);
            if (choices.Count > 0) choices[^1] = (choices[^1].Chosen + 1, choices[^1].Of);
        }
        while (choices.Count > 0);
        return seen.Count;

        void Run()
        {
            schedule.Clear();
            var memory = create();
            memory.Begin(actors.Length);
            var running = new IEnumerator<Func<bool>?>?[actors.Length];
            for (var i = 0; i < actors.Length; i++) Move(i, actors[i](memory).GetEnumerator());

            Span<int> enabled = stackalloc int[actors.Length];
            for (var depth = 0; ; depth++)
            {
                var count = 0;
                for (var i = 0; i < running.Length; i++)
                {
                    if (running[i] is not { } actor || (i == stopped && memory.Steps(i) > stoppedAfter)) continue;
                    if (actor.Current is not { } gate || gate()) enabled[count++] = i;
                }

                if (count == 0) break;
                if (depth > MostSteps) throw new ScheduleException("an actor runs in circles", schedule);
                if (depth == choices.Count)
                {
                    if (!seen.Add(memory.Fingerprint())) return;
                    choices.Add((0, count));
                }

                var next = enabled[choices[depth].Chosen];
                schedule.Add(next);
                Move(next, running[next]!);
                Check(memory.CheckAlways);
            }

            for (var i = 0; i < running.Length; i++)
            {
                if (running[i] is not null && i != stopped) throw new ScheduleException($"actor {i} is blocked", schedule);
            }

            if (stopped < 0 || running[stopped] is null) Check(memory.CheckAtRest);

            void Move(int actor, IEnumerator<Func<bool>?> steps)
            {
                memory.Enter(actor);
                running[actor] = steps.MoveNext() ? steps : null;
            }

            void Check(Action law)
            {
                try
                {
                    law();
                }
                catch (Exception exception) when (exception is not ScheduleException)
                {
                    throw new ScheduleException(exception.Message, schedule);
                }
            }
        }
    }

    /// <summary>All schedules of all actors, then all schedules with each actor stopped for ever at each of its steps.</summary>
    internal static int ExploreWithStops<TMemory>(Func<TMemory> create, params Func<TMemory, IEnumerable<Func<bool>?>>[] actors)
        where TMemory : SharedMemory
    {
        var states = Explore(create, stopped: -1, stoppedAfter: 0, actors);
        for (var actor = 0; actor < actors.Length; actor++)
        {
            // Stopped later and later, until it is not stopped at all: then every state is seen again.
            for (var after = 0; Explore(create, actor, after, actors) < states; after++) { }
        }

        return states;
    }
}

/// <summary>A schedule that broke a law, actor by actor, so that it can be followed by hand.</summary>
internal sealed class ScheduleException(string law, IEnumerable<int> schedule)
    : Exception($"{law}; schedule: {string.Join(' ', schedule)}");

/// <summary>
/// Memory whose every access is one step and shows the actor a value. The upper part is not read by actors: it is what the
/// laws are checked against.
/// </summary>
internal abstract class SharedMemory(int cells)
{
    private readonly long[] _cells = new long[cells];
    private UInt128[] _histories = [];
    private int[] _steps = [];
    private int _current;

    internal void Begin(int actors)
    {
        _histories = new UInt128[actors];
        _steps = new int[actors];
    }

    internal void Enter(int actor)
    {
        _current = actor;
        _steps[actor]++;
    }

    /// <summary>Steps taken, the way to the first access included.</summary>
    internal int Steps(int actor) => _steps[actor];

    internal abstract void CheckAlways();

    internal abstract void CheckAtRest();

    internal UInt128 Fingerprint()
    {
        UInt128 print = 0;
        foreach (var cell in _cells) print = Mix(print, (UInt128)(ulong)cell);
        foreach (var history in _histories) print = Mix(print, history);
        return print;
    }

    /// <summary>What the actor has read so far matters no longer; only where it stands does, and in the midst of what.</summary>
    internal void Forget(int place, long frame = 0) => _histories[_current] = Mix(Mix(1, (UInt128)place), (UInt128)(ulong)frame);

    internal long Read(int cell) => Show(_cells[cell]);

    internal long Add(int cell, long amount) => Show(_cells[cell] += amount);

    internal long Exchange(int cell, long value)
    {
        var before = _cells[cell];
        _cells[cell] = value;
        return Show(before);
    }

    internal bool CompareExchange(int cell, long value, long expected)
    {
        var succeeds = _cells[cell] == expected;
        if (succeeds) _cells[cell] = value;
        return Show(succeeds ? 1 : 0) == 1;
    }

    /// <summary>Looks without being a step: for gates and laws.</summary>
    protected internal long Peek(int cell) => _cells[cell];

    /// <summary>Writes down what has happened, as part of the step that made it happen: for laws.</summary>
    protected internal void Note(int cell, long amount) => _cells[cell] += amount;

    private static UInt128 Mix(UInt128 print, UInt128 value) =>
        (print ^ value ^ (print >> 61)) * new UInt128(0x9E3779B97F4A7C15, 0xF39CC0605CEDC835) + 0x2545F4914F6CDD1D;

    private long Show(long value)
    {
        ref var history = ref _histories[_current];
        history = Mix(history, (UInt128)(ulong)value);
        return value;
    }
}
