using ResourceBorrowing;
using Storefront.Shop;

namespace Storefront.Guards;

/// <summary>One participant for each subsystem; the loan desk is asked when its own units are out.</summary>
internal sealed class BorrowingGuard(ResourcePool pool) : IGuard
{
    private readonly Participant[] _participants = [.. Subsystem.All.Select(s => pool[s.Name])];

    internal ResourcePool Pool => pool;

    internal LoanDesk Desk { get; } = new(pool);

    public async ValueTask<Admission> EnterAsync(int subsystem, CancellationToken cancellationToken)
    {
        var participant = _participants[subsystem];
        var lease = participant.TryAcquire();
        if (!lease.IsAcquired)
        {
            Desk.Help(participant);
            lease = await participant.AcquireAsync(1, cancellationToken);
        }

        return lease.IsAcquired ? Admission.Granted(new Unit(lease, participant, Desk)) : Admission.Refused(lease.Explanation);
    }

    private sealed class Unit(ResourceLease lease, Participant participant, LoanDesk desk) : IDisposable
    {
        public void Dispose()
        {
            lease.Dispose();
            desk.ReturnSpare(participant);
        }
    }
}
