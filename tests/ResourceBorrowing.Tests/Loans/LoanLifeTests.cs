using ResourceBorrowing.Loans;

namespace ResourceBorrowing.Tests.Loans;

/// <summary>Every state with every event: what may happen, and that nothing else may.</summary>
public class LoanLifeTests
{
    private static readonly Dictionary<(LoanState, LoanEvent), LoanState> Allowed = new()
    {
        [(LoanState.Free, LoanEvent.Grant)] = LoanState.Granted,
        [(LoanState.Granted, LoanEvent.Activate)] = LoanState.Active,
        [(LoanState.Active, LoanEvent.Renew)] = LoanState.Active,
        [(LoanState.Active, LoanEvent.Recall)] = LoanState.Recalled,
        [(LoanState.Active, LoanEvent.Split)] = LoanState.Active,
        [(LoanState.Active, LoanEvent.Return)] = LoanState.Returning,
        [(LoanState.Active, LoanEvent.ComeDue)] = LoanState.Grace,
        [(LoanState.Recalled, LoanEvent.Split)] = LoanState.Recalled,
        [(LoanState.Recalled, LoanEvent.Return)] = LoanState.Returning,
        [(LoanState.Recalled, LoanEvent.ComeDue)] = LoanState.Grace,
        [(LoanState.Returning, LoanEvent.ComeDue)] = LoanState.Grace,
        [(LoanState.Returning, LoanEvent.Repay)] = LoanState.Repaid,
        [(LoanState.Grace, LoanEvent.GraceEnd)] = LoanState.Overdue,
        [(LoanState.Grace, LoanEvent.Repay)] = LoanState.Repaid,
        [(LoanState.Overdue, LoanEvent.Default)] = LoanState.Defaulted,
        [(LoanState.Overdue, LoanEvent.WriteOff)] = LoanState.WrittenOff,
        [(LoanState.Overdue, LoanEvent.Repay)] = LoanState.Repaid,
        [(LoanState.Defaulted, LoanEvent.WriteOff)] = LoanState.WrittenOff,
        [(LoanState.Defaulted, LoanEvent.Repay)] = LoanState.Repaid,
        [(LoanState.WrittenOff, LoanEvent.Repay)] = LoanState.Repaid,
        [(LoanState.Ownership, LoanEvent.Repay)] = LoanState.Repaid,
    };

    [Fact]
    public void EveryEvent_InEveryState_LeadsWhereTheProtocolSaysOrNowhere()
    {
        foreach (var state in Enum.GetValues<LoanState>())
        {
            foreach (var happens in Enum.GetValues<LoanEvent>())
            {
                var isAllowed = Allowed.TryGetValue((state, happens), out var expected);
                Assert.True(isAllowed == LoanLife.TryNext(state, happens, out var next), $"{state} {happens}");
                Assert.Equal(isAllowed ? expected : state, next);
                if (!isAllowed) Assert.Throws<InvalidOperationException>(() => LoanLife.Next(state, happens));
            }
        }
    }

    [Fact]
    public void EveryLoan_HasAWayToItsEnd()
    {
        foreach (var state in Enum.GetValues<LoanState>().Where(static s => s is not LoanState.Repaid))
        {
            var reached = new HashSet<LoanState> { state };
            while (Enum.GetValues<LoanEvent>().SelectMany(e => reached.Where(s => LoanLife.TryNext(s, e, out _)).Select(s => LoanLife.Next(s, e))).ToArray() is var more
                && more.Any(reached.Add))
            {
            }

            Assert.Contains(LoanState.Repaid, reached);
        }
    }
}
