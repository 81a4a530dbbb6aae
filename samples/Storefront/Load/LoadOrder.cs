namespace Storefront.Load;

/// <summary>What the load generator shall do, one line of JSON on its standard input.</summary>
internal sealed record LoadOrder(Uri Address, double[][] Rates, double StepSeconds, int Seed);
