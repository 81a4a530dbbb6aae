namespace Storefront.Measurement;

/// <summary>The loans of one participant, as borrower and as lender, made while it was measured.</summary>
internal sealed class LoanCounts
{
    /// <summary>Loans in which it borrows.</summary>
    public int Taken { get; internal set; }

    /// <summary>Of those taken: the lender wanted the units back before the term was over.</summary>
    public int Recalled { get; internal set; }

    /// <summary>Of those taken: the term was over.</summary>
    public int Expired { get; internal set; }

    /// <summary>Of those taken: given back before the term was over, because others needed the units more.</summary>
    public int ReturnedEarly { get; internal set; }

    /// <summary>Of those taken: units were still out after the grace period.</summary>
    public int Overdue { get; internal set; }

    /// <summary>Units borrowed, all loans together.</summary>
    public int UnitsTaken { get; internal set; }

    /// <summary>Loans in which it lends.</summary>
    public int Given { get; internal set; }

    /// <summary>Of those given: it wanted the units back before the term was over.</summary>
    public int Recalls { get; internal set; }

    internal static LoanCounts Sum(IEnumerable<LoanCounts> counts)
    {
        var sum = new LoanCounts();
        foreach (var one in counts)
        {
            sum.Taken += one.Taken;
            sum.Recalled += one.Recalled;
            sum.Expired += one.Expired;
            sum.ReturnedEarly += one.ReturnedEarly;
            sum.Overdue += one.Overdue;
            sum.UnitsTaken += one.UnitsTaken;
            sum.Given += one.Given;
            sum.Recalls += one.Recalls;
        }

        return sum;
    }
}
