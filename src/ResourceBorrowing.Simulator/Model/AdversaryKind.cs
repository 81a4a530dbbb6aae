namespace ResourceBorrowing.Simulator.Model;

/// <summary>What one participant does to the others.</summary>
internal enum AdversaryKind
{
    /// <summary>Nobody does anything.</summary>
    None,

    /// <summary>Brings ten times its requests, always; only the tenth that it would bring anyway counts for it.</summary>
    Hog,

    /// <summary>Twenty steps honest, twenty steps a hog.</summary>
    OnOff,

    /// <summary>Asks for units that it does not need and sits on them: three requests more for each real one, each for four service times.</summary>
    Liar,

    /// <summary>Reports all others falsely after each step, as far as it has standing and is not too often heard.</summary>
    Badmouth,

    /// <summary>Never gives back one in a hundred of the units that it takes.</summary>
    Leaker,
}
