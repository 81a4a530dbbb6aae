using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>What requests to an endpoint are charged, with the participants found: by one guard, for one piece of metadata.</summary>
/// <remarks>Thread-safe. A participant is kept until it refuses because it has left; only then is its name looked up again.</remarks>
internal sealed class EndpointRule(RequestGuard guard, ResourceUnitsAttribute metadata, ResourcePool pool, ChosenParticipants? chosen)
{
    private readonly string _name = metadata.Choice?.Fallback ?? metadata.Participant!;
    private readonly int _units = metadata.Units;
    private Participant? _participant;
    private bool _isFaulty;

    internal RequestGuard Guard => guard;

    /// <summary>The participant that is named: the fallback, where requests choose.</summary>
    internal string Name => _name;

    internal int UnitsFor(HttpContext context) => metadata.Cost is null ? _units : CostOf(context);

    /// <summary>Whose units the request is to hold; null when nobody has the name.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isOwn">Whether the request itself has chosen it.</param>
    internal Participant? Find(HttpContext context, out bool isOwn)
    {
        if (chosen?.Find(context) is { } own)
        {
            isOwn = true;
            return own;
        }

        isOwn = false;
        return Volatile.Read(ref _participant) ?? FindNamed();
    }

    /// <summary>It has left: the next look is a fresh one.</summary>
    internal void Forget(Participant participant, bool isOwn)
    {
        if (isOwn) chosen!.Forget(participant);
        else if (FindNamed() is null) Volatile.Write(ref _participant, null);
    }

    /// <summary>Whether nobody was told yet that this endpoint refuses everybody.</summary>
    internal bool IsFirstFault() => !Interlocked.Exchange(ref _isFaulty, true);

    /// <summary>Why this can never work, in the pool as it is; null when it can.</summary>
    internal string? Fault()
    {
        if (FindNamed() is not { } participant)
            return $"the resource pool has no participant '{_name}'. It has: {string.Join(", ", pool.Participants.Select(static p => p.Name))}";
        return _units > participant.Ceiling ? $"{_units} units are asked of '{_name}', which can never have more than its ceiling of {participant.Ceiling}" : null;
    }

    private Participant? FindNamed()
    {
        if (!pool.TryGetParticipant(_name, out var participant)) return null;
        Volatile.Write(ref _participant, participant);
        return participant;
    }

    private int CostOf(HttpContext context)
    {
        try
        {
            var cost = metadata.Cost!(context);
            return cost >= 0 ? cost : throw new InvalidOperationException($"A request costs 0 units or more, not {cost}.");
        }
        catch (Exception exception)
        {
            pool.Contain("cost of a request", exception);
            return 1;
        }
    }
}
