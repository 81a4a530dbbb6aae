namespace ResourceBorrowing;

/// <summary>Whether a participant agrees beforehand to lend.</summary>
public enum LendingConsent
{
    /// <summary>It lends within its limits without being asked. The default.</summary>
    Automatic,

    /// <summary>It never lends.</summary>
    Never,

    /// <summary>
    /// Its callback is asked for each loan, by <see cref="Participant.BorrowAsync"/> and by plans; see <see cref="ParticipantOptions.AskBeforeLending"/>.
    /// </summary>
    Ask,
}
