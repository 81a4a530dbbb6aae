using ResourceBorrowing.Stability;

namespace ResourceBorrowing;

// What a participant tells the pool of itself and of others.
public sealed partial class Participant
{
    private OutcomeRecorder? _outcomes;

    /// <summary>Its outcomes, once there was one.</summary>
    internal OutcomeRecorder? Outcomes { get => Volatile.Read(ref _outcomes); set => Volatile.Write(ref _outcomes, value); }

    /// <summary>
    /// Tells the pool what this participant thinks of another. A report moves the other's reputation a little, the more the better this one's own is, and no
    /// more often than once: the same again changes nothing.
    /// </summary>
    /// <param name="other">Who is spoken of.</param>
    /// <param name="reason">What it did.</param>
    /// <param name="severity">How much that matters, 0.25 to 1.</param>
    /// <returns>Whether it counts. Reports without standing, and of a participant about itself, change nothing.</returns>
    /// <exception cref="ArgumentException">The other belongs to another pool.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The reason is none, or the severity is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    public ReportResult Report(Participant other, ReportReason reason, double severity = 1)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Pool != Pool) throw new ArgumentException($"'{other.Name}' belongs to another pool.", nameof(other));
        if (!Enum.IsDefined(reason)) throw new ArgumentOutOfRangeException(nameof(reason), reason, "This is no reason to report.");
        if (severity is not (>= Reputations.LeastSeverity and <= 1)) throw new ArgumentOutOfRangeException(nameof(severity), severity, "A severity is 0.25 to 1.");
        ObjectDisposedException.ThrowIf(Pool.IsDisposed, Pool);
        return Pool.Reputations.Report(this, other, reason, severity);
    }

    /// <summary>
    /// Tells the pool how one request of this participant went. From then on it is part of the health of the host, and what loans do to the participant, as a lender, can
    /// be found out: without it their impact is not known. Integrations do so for their users.
    /// </summary>
    /// <param name="latency">How long it took; 100 ns to an hour, what lies beyond counts as those.</param>
    /// <param name="failed">Whether it failed; its latency does not count then.</param>
    /// <remarks>Lock-free, without allocation but for the first time. Does nothing where the pool does not watch the host.</remarks>
    public void RecordOutcome(TimeSpan latency, bool failed = false) => (Outcomes ?? Pool.Stability?.Record(this))?.Record(latency, failed);

    /// <summary>Loans came back whole.</summary>
    internal void CountCompleted(int loans)
    {
        Standing.CountCompleted(loans);
        if (_account.IsNewcomer && Standing.Completed >= Pool.ReputationOptions.NewcomerLoans) _account.IsNewcomer = false;
    }
}
