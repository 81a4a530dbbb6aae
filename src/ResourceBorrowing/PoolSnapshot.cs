using System.Text;

namespace ResourceBorrowing;

/// <summary>The whole pool at one instant, exact: no transfer is half done in it.</summary>
/// <param name="Capacity">All units of the pool. The allocations, the reserve's included, add up to this and <paramref name="Retiring"/>.</param>
/// <param name="Retiring">Units that a lowered capacity has still to take away, because they are in use or lent; 0 otherwise.</param>
/// <param name="OpenLoans">Loans that are not settled.</param>
/// <param name="Reserve">The units that no participant owns.</param>
/// <param name="Participants">The participants, in the order in which they joined.</param>
public sealed record PoolSnapshot(int Capacity, int Retiring, int OpenLoans, ParticipantSnapshot Reserve, IReadOnlyList<ParticipantSnapshot> Participants)
{
    /// <summary>A table for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().AppendLine(
            $"{"participant",-20} {"owns",6} {"may use",8} {"in use",7} {"lent",6} {"borrowed",9} {"debt",6} {"waiting",8} {"reputation",11}");
        foreach (var p in Participants.Append(Reserve))
        {
            text.AppendLine(
                $"{p.Name,-20} {p.NominalQuota,6} {p.Allocation,8} {p.InUse,7} {p.Lent,6} {p.Borrowed,9} {p.Debt,6} {p.Waiting,8} {p.Reputation,11:F1}");
        }

        return text.Append($"{Capacity} units, {OpenLoans} open loans").ToString();
    }
}

/// <summary>One participant in a <see cref="PoolSnapshot"/>; the units are explained at the properties of <see cref="Participant"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NominalQuota">Units it owns.</param>
/// <param name="Floor">The least its allocation can be lent down to.</param>
/// <param name="Ceiling">The most its allocation can be.</param>
/// <param name="Allocation">Units it may use: nominal quota - lent + borrowed.</param>
/// <param name="InUse">Units in use; never more than the allocation.</param>
/// <param name="Lent">Units lent, debts of others to it included.</param>
/// <param name="Borrowed">Units borrowed, its debts included.</param>
/// <param name="Debt">Units it owes.</param>
/// <param name="Waiting">Units its waiting callers ask for.</param>
/// <param name="Reputation">0 to 100, as of its last evidence.</param>
public sealed record ParticipantSnapshot(
    string Name, int NominalQuota, int Floor, int Ceiling, int Allocation, int InUse, int Lent, int Borrowed, int Debt, int Waiting, double Reputation)
{
    /// <summary>Units free: allocation - in use.</summary>
    public int Available => Allocation - InUse;
}
