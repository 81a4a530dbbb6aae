using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>The participants that one choice has come to in one pool.</summary>
/// <remarks>
/// Thread-safe. <b>Bounds.</b> What is remembered are participants of the pool, never values: so it grows with the pool, and the pool grows by what is made here, up to the choice's limit.
/// A value that is nobody's name leaves no trace. <b>Order.</b> A place among those made is taken before the participant is added, and given up when that fails.
/// </remarks>
internal sealed class ChosenParticipants(ResourcePool pool, ParticipantChoice choice)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:+/=");

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly int _longest = ParticipantOptions.MaxNameLength - choice.Prefix.Length;
    private int _made;

    // The time, in ticks, before which none is made, since the last time there was no room; 0 when there was.
    private long _notBefore;

    internal Participant? Find(HttpContext context)
    {
        var value = ValueIn(context);
        if (string.IsNullOrEmpty(value) || value.Length > _longest) return null;
        return _known.TryGetValue(value, out var known) ? known.Participant : Learn(value);
    }

    /// <summary>It was found to have left: whoever has its name now is to be found instead.</summary>
    internal void Forget(Participant participant)
    {
        var value = participant.Name[choice.Prefix.Length..];
        if (_known.TryGetValue(value, out var known) && known.Participant == participant) Forget(value, known);
    }

    private void Forget(string value, Known known)
    {
        if (IsInPool(known.Participant) || !_known.TryRemove(new(value, known))) return;
        if (known.IsMade) Interlocked.Decrement(ref _made);
    }

    private bool IsInPool(Participant participant) => pool.TryGetParticipant(participant.Name, out var now) && now == participant;

    private string? ValueIn(HttpContext context)
    {
        try
        {
            return choice.Value(context);
        }
        catch (Exception exception)
        {
            pool.Contain("choice of a participant", exception);
            return null;
        }
    }

    private Participant? Learn(string value)
    {
        var name = choice.Prefix + value;
        if (pool.TryGetParticipant(name, out var participant)) return Remember(value, new Known(participant, IsMade: false));
        if (choice.Template is null || value.AsSpan().ContainsAnyExcept(Plain) || IsPausing()) return null;
        if (Interlocked.Increment(ref _made) <= choice.MostMade) return Make(value, name);

        Interlocked.Decrement(ref _made);
        PauseMaking();
        foreach (var (other, known) in _known) Forget(other, known);
        return null;
    }

    private Participant? Make(string value, string name)
    {
        try
        {
            var options = new ParticipantOptions();
            choice.Template!(options);
            options.Name = name;
            return Remember(value, new Known(pool.Add(options), IsMade: true));
        }
        catch (Exception exception)
        {
            Interlocked.Decrement(ref _made);
            // Another request with the same value may have been faster.
            if (pool.TryGetParticipant(name, out var participant)) return Remember(value, new Known(participant, IsMade: false));
            PauseMaking();
            if (exception is not ObjectDisposedException) pool.Contain("making of a participant", exception);
            return null;
        }
    }

    private Participant Remember(string value, Known known)
    {
        // Who made it counts it; whoever merely found it gives way.
        if (known.IsMade) _known[value] = known;
        else _known.TryAdd(value, known);
        return known.Participant;
    }

    private bool IsPausing() => Volatile.Read(ref _notBefore) is var until and not 0 && pool.Elapsed.Ticks < until;

    private void PauseMaking() => Volatile.Write(ref _notBefore, (pool.Elapsed + Pause).Ticks);

    private sealed record Known(Participant Participant, bool IsMade);
}
