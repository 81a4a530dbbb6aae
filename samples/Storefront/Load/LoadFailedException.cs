namespace Storefront.Load;

/// <summary>There is no measurement, because the load generator failed.</summary>
internal sealed class LoadFailedException(string reason) : Exception($"The load generator failed: {reason}.");
