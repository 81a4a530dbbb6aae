namespace Storefront.Guards;

/// <summary>The loans of one participant: as borrower (taken, refused, expired, returned early) and as lender (granted, called back).</summary>
internal struct LoanCounts
{
    internal int Taken;
    internal int Refused;
    internal int Expired;
    internal int ReturnedEarly;
    internal int Granted;
    internal int CalledBack;
}
