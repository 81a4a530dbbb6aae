namespace ResourceBorrowing.Simulator.Model;

/// <summary>A caller who asks for one unit.</summary>
/// <param name="At">When, in ticks of virtual time.</param>
/// <param name="Participant">Of whom, by place.</param>
/// <param name="Order">Which of its participant's requests of this step.</param>
/// <param name="Hold">For how many ticks it will use the unit; <see cref="Forever"/> when it never gives it back.</param>
/// <param name="IsReal">Whether anybody gains by it: an adversary's claims count for nothing.</param>
internal readonly record struct Request(long At, int Participant, int Order, long Hold, bool IsReal) : IComparable<Request>
{
    internal const long Forever = long.MaxValue;

    public int CompareTo(Request other)
    {
        var byTime = At.CompareTo(other.At);
        if (byTime != 0) return byTime;
        var byParticipant = Participant.CompareTo(other.Participant);
        return byParticipant != 0 ? byParticipant : Order.CompareTo(other.Order);
    }
}
