namespace ResourceBorrowing.Diagnostics;

/// <summary>The names under which the library reports.</summary>
public static class ResourceBorrowingDiagnostics
{
    /// <summary>The name of the meter; add it to your metrics pipeline.</summary>
    public const string MeterName = "ResourceBorrowing";

    /// <summary>The name of the activity source: borrow waits and loans; add it to your tracing pipeline.</summary>
    public const string ActivitySourceName = "ResourceBorrowing";
}
