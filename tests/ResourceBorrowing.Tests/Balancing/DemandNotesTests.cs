using ResourceBorrowing.Balancing;
using ResourceBorrowing.Tests.Concurrency;

namespace ResourceBorrowing.Tests.Balancing;

[Collection(RealThreads.Name)]
public class DemandNotesTests
{
    /// <summary>Two note ever more: whatever they do to each other, the most of all is what remains.</summary>
    [Fact]
    public void Notes_OfTwoAtOnce_KeepTheMostAndCountAll()
    {
        const int most = 64;
        var notes = new DemandNotes();
        var meeting = new Race.Meeting();
        Race.Run(
            1_000,
            prepare: meeting.Begin,
            check: () =>
            {
                Assert.Equal((most, (long)most), notes.Take());
                Assert.Equal((0, 0L), notes.Take());
            },
            () => Note(0), () => Note(1));

        void Note(int who)
        {
            for (var i = 0; i < most / 2; i++)
            {
                meeting.At(who, i);
                notes.Note(2 * i + 1 + who);
                notes.NoteRefused(1);
            }
        }
    }
}
