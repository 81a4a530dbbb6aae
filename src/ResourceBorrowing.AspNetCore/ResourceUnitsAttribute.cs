using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>
/// Says which participant's units a request to this endpoint holds, and how many: on a controller, an action, or a handler. The same as
/// <c>RequireResourceUnits</c> in code.
/// </summary>
/// <remarks>
/// A request is charged once, by the innermost: an action's before its controller's, an endpoint's before its group's. It works where
/// <c>app.UseResourceBorrowing()</c> is in the pipeline. Immutable, thread-safe.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class ResourceUnitsAttribute : Attribute
{
    private readonly int _units = 1;

    /// <summary>Takes units of a participant.</summary>
    /// <param name="participant">Its name. The host does not start when there is none of that name.</param>
    /// <exception cref="ArgumentException">The name is null or empty.</exception>
    public ResourceUnitsAttribute(string participant)
    {
        ArgumentException.ThrowIfNullOrEmpty(participant);
        Participant = participant;
    }

    internal ResourceUnitsAttribute(string? participant, ParticipantChoice? choice, int units, Func<HttpContext, int>? cost)
    {
        (Participant, Choice, Cost, Units) = (participant, choice, cost, units);
    }

    /// <summary>The name of the participant; null when each request chooses its own.</summary>
    public string? Participant { get; }

    /// <summary>How many units a request holds until it ends, from 0. Default 1; 0 takes none, for an endpoint within a group that is charged.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.</exception>
    public int Units
    {
        get => _units;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Units));
            _units = value;
        }
    }

    /// <summary>By what a request chooses its participant; null when it does not.</summary>
    internal ParticipantChoice? Choice { get; }

    /// <summary>What a request costs; null when all cost the same.</summary>
    internal Func<HttpContext, int>? Cost { get; }

    /// <summary>What the last guard made of this; another host's guard makes its own.</summary>
    internal EndpointRule? Rule { get; set; }
}
