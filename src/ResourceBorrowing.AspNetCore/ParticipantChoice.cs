using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ResourceBorrowing.AspNetCore;

/// <summary>
/// How a request chooses the participant whose units it holds: by a header, a claim, a route value, or a delegate. For many tenants in one host.
/// </summary>
/// <remarks>
/// <para>The value found is looked up as prefix + value, exactly; so no request can name a participant without the prefix. A request whose value is missing, given twice, longer than
/// 128 characters with its prefix, or nobody's name holds units of the fallback instead.</para>
/// <para>Values are what clients say. Where that matters, choose by a claim, or have a proxy set the header.</para>
/// <para>Immutable, thread-safe. Endpoints that are given the same choice share the participants it makes.</para>
/// </remarks>
public sealed class ParticipantChoice
{
    /// <summary>Before the value, unless <see cref="WithPrefix"/> says otherwise: <c>tenant:</c>.</summary>
    public const string DefaultPrefix = "tenant:";

    private ParticipantChoice(Func<HttpContext, string?> value, string fallback)
    {
        ArgumentException.ThrowIfNullOrEmpty(fallback);
        (Value, Fallback, Prefix) = (value, fallback, DefaultPrefix);
    }

    private ParticipantChoice(ParticipantChoice other)
    {
        (Value, Fallback, Prefix, Template, MostMade) = (other.Value, other.Fallback, other.Prefix, other.Template, other.MostMade);
    }

    internal Func<HttpContext, string?> Value { get; }

    internal string Fallback { get; }

    internal string Prefix { get; private init; }

    internal Action<ParticipantOptions>? Template { get; private init; }

    internal int MostMade { get; private init; }

    /// <summary>Chooses by a request header. A header that is there more than once counts as missing.</summary>
    /// <param name="header">Its name, such as <c>X-Tenant</c>.</param>
    /// <param name="fallback">The participant for everybody else. The host does not start without it.</param>
    /// <exception cref="ArgumentException">A name is null or empty.</exception>
    public static ParticipantChoice ByHeader(string header, string fallback)
    {
        ArgumentException.ThrowIfNullOrEmpty(header);
        return new(context => context.Request.Headers.TryGetValue(header, out var values) && values.Count == 1 ? values[0] : null, fallback);
    }

    /// <summary>Chooses by a claim of the user, the first of its type. Authentication must come before in the pipeline.</summary>
    /// <param name="type">The type of the claim.</param>
    /// <param name="fallback">The participant for everybody else. The host does not start without it.</param>
    /// <exception cref="ArgumentException">A name is null or empty.</exception>
    public static ParticipantChoice ByClaim(string type, string fallback)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        return new(context => context.User.FindFirst(type)?.Value, fallback);
    }

    /// <summary>Chooses by a value of the route.</summary>
    /// <param name="key">Its name in the pattern: <c>tenant</c> in <c>/{tenant}/search</c>.</param>
    /// <param name="fallback">The participant for everybody else. The host does not start without it.</param>
    /// <exception cref="ArgumentException">A name is null or empty.</exception>
    public static ParticipantChoice ByRouteValue(string key, string fallback)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new(context => Convert.ToString(context.Request.RouteValues[key], CultureInfo.InvariantCulture), fallback);
    }

    /// <summary>Chooses by a delegate.</summary>
    /// <param name="value">Finds the value, without the prefix; null for the fallback. Must be thread-safe; what it throws is contained, and means null.</param>
    /// <param name="fallback">The participant for everybody else. The host does not start without it.</param>
    /// <exception cref="ArgumentException">The delegate is null, or the fallback null or empty.</exception>
    public static ParticipantChoice By(Func<HttpContext, string?> value, string fallback)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new(value, fallback);
    }

    /// <summary>The same with another prefix.</summary>
    /// <param name="prefix">From 0 characters. Without any, every request can choose any participant of the pool.</param>
    /// <exception cref="ArgumentNullException">The prefix is null.</exception>
    public ParticipantChoice WithPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return new(this) { Prefix = prefix };
    }

    /// <summary>
    /// The same, and a participant is made for each new value that consists of ASCII letters, digits and <c>- . _ ~ @ : + / =</c>. Without this, only those that the pool has are chosen.
    /// </summary>
    /// <param name="configure">
    /// Sets quota or shares and other options, not the name; called for each. When it throws, or the pool has no units left for one more, the request goes to the fallback, which is logged, and for
    /// ten seconds none is made.
    /// </param>
    /// <param name="most">How many at the most, from 1, at one time. Default 100. They stay until <see cref="ResourcePool.RemoveAsync"/> takes them out; values beyond go to the fallback.</param>
    /// <exception cref="ArgumentNullException"><paramref name="configure"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is less than 1.</exception>
    public ParticipantChoice WithNewParticipants(Action<ParticipantOptions> configure, int most = 100)
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return new(this) { Template = configure, MostMade = most };
    }
}
