namespace ResourceBorrowing.Simulator.Model;

/// <summary>What turns a trace into requests and a host; printed with every result.</summary>
internal sealed record SimulationModel
{
    /// <summary>Mean requests of a participant in one step, over all participants and steps.</summary>
    internal double RequestsPerStep { get; init; } = 10;

    /// <summary>Virtual time of one step.</summary>
    internal TimeSpan StepLength { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>After how many steps demand repeats itself, as forecasters are told: by default a day of five minutes.</summary>
    internal IReadOnlyList<int> Seasons { get; init; } = [288];

    /// <summary>How long a request uses its unit, in steps.</summary>
    internal double Service { get; init; } = 0.25;

    /// <summary>How long a request waits before it is too late, in service times.</summary>
    internal double Patience { get; init; } = 1;

    /// <summary>Capacity per mean demand, where neither capacity nor fair share is given.</summary>
    internal double CapacityFactor { get; init; } = 1.25;

    /// <summary>Units of the host.</summary>
    internal int? Capacity { get; init; }

    /// <summary>Units of the host per participant.</summary>
    internal int? FairShare { get; init; }

    /// <summary>Whether each participant is scaled to the same mean demand, as traces in different units must be.</summary>
    internal bool IsNormalized { get; init; }

    /// <summary>The part of its quota that a participant may have lent out.</summary>
    internal double LendingPart { get; init; } = 1;

    internal int Seed { get; init; } = 1;

    internal AdversaryKind Adversary { get; init; }

    /// <summary>Who is the adversary; the first participant when null.</summary>
    internal string? AdversaryName { get; init; }

    internal long StepTicks => StepLength.Ticks;

    internal long ServiceTicks => Math.Max(1, (long)(StepTicks * Service));

    internal long PatienceTicks => (long)(ServiceTicks * Patience);
}
