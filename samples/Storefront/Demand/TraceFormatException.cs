namespace Storefront.Demand;

/// <summary>A trace that cannot be used; the message names file, line and reason.</summary>
internal sealed class TraceFormatException(string message) : Exception(message);
