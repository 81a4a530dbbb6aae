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

    /// <summary>One notes ever more while another takes: what was handed over is not handed over again, and in the end nothing is missing.</summary>
    [Fact]
    public void Notes_BesideTaking_AreHandedOverOnce()
    {
        const int most = 64;
        var notes = new DemandNotes();
        var meeting = new Race.Meeting();
        var taken = new (int Most, long Refused)[most];
        Race.Run(
            300,
            prepare: meeting.Begin,
            check: () =>
            {
                var all = taken.Append(notes.Take()).ToArray();
                var told = all.Select(static t => t.Most).Where(static t => t > 0).ToArray();
                Assert.Equal(told.Distinct().Order(), told);
                Assert.Equal((most, (long)most), (told[^1], all.Sum(static t => t.Refused)));
            },
            () =>
            {
                for (var i = 0; i < most; i++)
                {
                    meeting.At(0, i);
                    notes.Note(i + 1);
                    notes.NoteRefused(1);
                }
            },
            () =>
            {
                for (var i = 0; i < most; i++)
                {
                    meeting.At(1, i);
                    taken[i] = notes.Take();
                }
            });
    }
}
