using ResourceBorrowing;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>One participant for each subsystem. Who asks for a unit need not know that there are loans: what is missing is borrowed, what was lent is recalled.</summary>
internal sealed class BorrowingGuard(ResourcePool pool) : IGuard
{
    private readonly Participant[] _participants = [.. Subsystem.All.Select(s => pool[s.Name])];

    public async ValueTask<Admission> EnterAsync(int subsystem, CancellationToken cancellationToken)
    {
        var lease = await _participants[subsystem].AcquireAsync(1, cancellationToken);
        return lease.IsAcquired ? Admission.Granted(lease) : Admission.Refused(lease.Explanation);
    }
}
