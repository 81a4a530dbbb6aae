namespace Storefront.Guards;

/// <summary>One unit for the time of a request, or why there is none.</summary>
internal readonly struct Admission : IDisposable
{
    private readonly IDisposable? _unit;

    private Admission(string? refusal, IDisposable? unit)
    {
        Refusal = refusal;
        _unit = unit;
    }

    internal string? Refusal { get; }

    internal static Admission Granted(IDisposable unit) => new(null, unit);

    internal static Admission Refused(string reason) => new(reason, null);

    public void Dispose() => _unit?.Dispose();
}
