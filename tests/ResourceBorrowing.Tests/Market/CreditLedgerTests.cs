using FsCheck;
using FsCheck.Xunit;
using ResourceBorrowing.Market;

namespace ResourceBorrowing.Tests.Market;

public class CreditLedgerTests
{
    private const long Initial = 100 * CreditAmount.PerCredit;

    private static CreditLedger New(long initial = Initial)
    {
        var ledger = new CreditLedger("(reserve)");
        ledger.Configure(initial, 0);
        return ledger;
    }

    [Fact]
    public void Join_LaterOn_BringsTheMeanOfTheMembers_RoundedDown()
    {
        var ledger = New(100);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        Assert.Equal((100, 100), (a.Balance, b.Balance));
        Assert.True(ledger.TryPay(a, ledger.Reserve, 31, CreditReason.Loan, 0));
        // 69 and 100: the reserve is no member.
        Assert.Equal(84, ledger.Join("c", 0).Balance);
        Assert.Equal(0, ledger.Sum());
    }

    [Fact]
    public void Leave_AndJoinAgain_RestoresTheBalance_AndMintsNothing()
    {
        var ledger = New();
        var (a, _) = (ledger.Join("a", 0), ledger.Join("b", 0));
        ledger.TryPay(a, ledger.Reserve, Initial - 7, CreditReason.Loan, 0);
        var circulating = ledger.InCirculation;
        for (var i = 0; i < 5; i++)
        {
            ledger.Leave(a, 0);
            Assert.Equal(circulating - 7, ledger.InCirculation);
            a = ledger.Join("a", 0);
            Assert.Equal(7, a.Balance);
        }

        Assert.Equal(circulating, ledger.InCirculation);
        Assert.Equal(0, ledger.Sum());
    }

    /// <summary>What allocates nothing cannot fail for want of memory between a debit and its credit.</summary>
    [Fact]
    public void Posting_EvenTheFirst_AllocatesNothing()
    {
        Measure();
        Assert.Equal(0, Measure());

        static long Measure()
        {
            var ledger = New();
            var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 1; i <= 100; i++)
            {
                ledger.TryPay(a, b, i, (CreditReason)(i % 8), i);
                ledger.TryPay(b, ledger.Reserve, i, (CreditReason)(i % 7), i);
            }

            ledger.DivideEarnings(0);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Leave_InDebt_KeepsTheDebtForTheName()
    {
        var ledger = New(0);
        ledger.Configure(0, 50);
        var a = ledger.Join("a", 0);
        Assert.True(ledger.TryPay(a, ledger.Reserve, 30, CreditReason.Loan, 0));
        Assert.False(ledger.TryPay(a, ledger.Reserve, 21, CreditReason.Loan, 0));
        ledger.Leave(a, 0);
        Assert.Equal(-30, ledger.Join("a", 0).Balance);
        Assert.Equal(0, ledger.Sum());
    }

    [Fact]
    public void Load_OfMoreThanCanBeCounted_ChangesNothing()
    {
        var ledger = New();
        var a = ledger.Join("a", 0);
        Assert.NotNull(ledger.Load(new Dictionary<string, long> { ["a"] = CreditAmount.Most, ["b"] = 1 + CreditAmount.Most }, 0));
        Assert.NotNull(ledger.Load(new Dictionary<string, long> { ["a"] = CreditAmount.Most, ["(reserve)"] = 1 }, 0));
        Assert.Equal(Initial, a.Balance);
        Assert.Null(ledger.Load(new Dictionary<string, long> { ["a"] = 5, ["b"] = 6, ["(reserve)"] = 7 }, 0));
        Assert.Equal((5, 6, 7, 0), (a.Balance, ledger.Join("b", 0).Balance, ledger.Reserve.Balance, ledger.Sum()));
    }

    [Fact]
    public void Load_OfAllThatCanBeCounted_IsTakenUp_AndOfOneMoreChangesNothing()
    {
        var ledger = New(0);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        foreach (var (one, other) in new[] { (CreditAmount.Most, 0), (-CreditAmount.Most, 0), (CreditAmount.Most - 5, 5), (5 - CreditAmount.Most, -5), (CreditAmount.Most, -CreditAmount.Most) })
        {
            Assert.Null(ledger.Load(new Dictionary<string, long> { ["a"] = one, ["b"] = other }, 0));
            Assert.Equal((one, other, 0), (a.Balance, b.Balance, ledger.Sum()));
        }

        foreach (var (one, other) in new[] { (CreditAmount.Most + 1, -1), (-CreditAmount.Most - 1, 1), (CreditAmount.Most, 1), (-CreditAmount.Most, -1) })
        {
            Assert.Contains("more than can be counted", ledger.Load(new Dictionary<string, long> { ["a"] = one, ["b"] = other }, 0), StringComparison.Ordinal);
            Assert.Equal((CreditAmount.Most, -CreditAmount.Most), (a.Balance, b.Balance));
        }
    }

    [Fact]
    public void Load_OfSome_LeavesTheOthersWhatTheyHave_AndCountsThem()
    {
        var ledger = New(10);
        var (a, b, c) = (ledger.Join("a", 0), ledger.Join("b", 0), ledger.Join("c", 0));
        Assert.True(ledger.TryPay(a, ledger.Reserve, 4, CreditReason.Loan, 0));
        ledger.Leave(c, 0);
        // With 6 of a, 4 of the reserve and 10 that wait for c.
        Assert.NotNull(ledger.Load(new Dictionary<string, long> { ["b"] = CreditAmount.Most - 19 }, 0));
        Assert.Null(ledger.Load(new Dictionary<string, long> { ["b"] = CreditAmount.Most - 20 }, 0));
        Assert.Equal((6, CreditAmount.Most - 20, 4, 10), (a.Balance, b.Balance, ledger.Reserve.Balance, ledger.Left["c"]));
        Assert.Null(ledger.Load(new Dictionary<string, long> { ["a"] = -3, ["c"] = 12, ["d"] = 1 }, 0));
        Assert.Equal((-3, 12, 1, 2), (a.Balance, ledger.Left["c"], ledger.Left["d"], ledger.Left.Count));
        Assert.Equal(0, ledger.Sum());
    }

    [Fact]
    public void Load_OfJustWhatIsHeld_LessTheOverdraft_IsTakenUp_AndOfOneLessChangesNothing()
    {
        var ledger = New(20);
        ledger.Configure(20, 5);
        var a = ledger.Join("a", 0);
        Assert.True(a.TryHold(18));
        Assert.Contains("'a' has loans", ledger.Load(new Dictionary<string, long> { ["a"] = 12 }, 0), StringComparison.Ordinal);
        Assert.Equal((20, 18, 7), (a.Balance, a.Held, a.Available));
        Assert.Null(ledger.Load(new Dictionary<string, long> { ["a"] = 13 }, 0));
        Assert.Equal((13, 18, 0), (a.Balance, a.Held, a.Available));
    }

    [Fact]
    public void Pay_FromOrToWhoHasLeft_IsRefused_AndMovesNothing()
    {
        var ledger = New(10);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        ledger.Leave(a, 0);
        Assert.False(ledger.TryPay(a, b, 0, CreditReason.Loan, 0));
        Assert.False(ledger.TryPay(b, a, 1, CreditReason.Loan, 0));
        Assert.False(ledger.TryPay(ledger.House, a, 1, CreditReason.Free, 0));
        Assert.Equal((0, 10, 10, 10), (a.Balance, b.Balance, ledger.Left["a"], ledger.InCirculation));
    }

    [Fact]
    public void Sum_OfCreditsThatWentWhereNobodyCounts_IsWhatIsMissing()
    {
        var ledger = New(10);
        var (a, _) = (ledger.Join("a", 0), ledger.Join("b", 0));
        var stranger = new CreditAccount("x", 5);
        a.Pay(stranger, 3, CreditReason.Loan, 0);
        Assert.Equal(-3, ledger.Sum());
        stranger.Pay(ledger.Reserve, 7, CreditReason.Loan, 0);
        Assert.Equal(4, ledger.Sum());
        ledger.House.Pay(stranger, 4, CreditReason.Loan, 0);
        Assert.Equal(0, ledger.Sum());
    }

    [Fact]
    public void Reserve_InDebt_DividesNothing()
    {
        var ledger = New(10);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        Assert.Null(ledger.Load(new Dictionary<string, long> { ["(reserve)"] = -10 }, 0));
        ledger.DivideEarnings(0);
        Assert.Equal((10, 10, -10), (a.Balance, b.Balance, ledger.Reserve.Balance));
    }

    [Fact]
    public void House_IssuesNoMoreThanCanBeCounted()
    {
        var ledger = New(CreditAmount.Most);
        var (a, b) = (ledger.Join("a", 0), ledger.Join("b", 0));
        Assert.Equal((CreditAmount.Most, 0), (a.Balance, b.Balance));
        Assert.False(ledger.TryPay(ledger.House, b, 1, CreditReason.Free, 0));
        Assert.True(ledger.TryPay(a, b, CreditAmount.Most, CreditReason.Loan, 0));
        Assert.Equal((0, CreditAmount.Most), (a.Balance, b.Balance));
        Assert.True(ledger.TryPay(b, ledger.House, 7, CreditReason.Pledged, 0));
        Assert.False(ledger.TryPay(ledger.House, a, 8, CreditReason.Free, 0));
        Assert.True(ledger.TryPay(ledger.House, a, 7, CreditReason.Free, 0));
        Assert.Equal((7, CreditAmount.Most - 7, 0), (a.Balance, b.Balance, ledger.House.Held));
        Assert.Equal(0, ledger.Sum());
    }

    [Fact]
    public void Statement_IsBounded_TellsOneCounterpartyApartFromAnother_AndAddsUp()
    {
        var ledger = New();
        var all = Enumerable.Range(0, 200).Select(i => ledger.Join($"p{i}", i)).ToArray();
        for (var i = 1; i < all.Length; i++)
            for (var times = 0; times < 3; times++) Assert.True(ledger.TryPay(all[0], all[i], i, CreditReason.Loan, i));
        var statement = all[0].Statement();
        Assert.Equal(CreditHistory.Length, statement.Entries.Count);
        Assert.Equal(statement.Balance, statement.Carried + statement.Entries.Sum(static e => e.Credits));
        Assert.Equal(new CreditEntry(TimeSpan.FromMilliseconds(199), CreditReason.Loan, "p199", -0.000597m, 3), statement.Entries[^1]);
        Assert.Contains("Loan, p199 (3 postings)", statement.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Whatever happens, in whatever order: no credit is made or lost but by the house, none is spent that is not there, and nobody has more for leaving and coming back.</summary>
    [Property(MaxTest = 300)]
    public void Ledger_AfterEveryOperation_AddsUp(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var ledger = New(random.NextInt64(0, 1000));
        var overdraft = random.Next(2) * random.NextInt64(500);
        ledger.Configure(random.NextInt64(0, 1000), overdraft);
        var (accounts, held, before) = (new List<CreditAccount>(), new Dictionary<CreditAccount, long>(), new Dictionary<string, long>());
        for (var step = 0; step < 200; step++)
        {
            var (issued, any) = (ledger.InCirculation, accounts.Count > 0 ? accounts[random.Next(accounts.Count)] : null);
            switch (random.Next(7))
            {
                case 0 when accounts.Count < 6:
                    var absent = Enumerable.Range(0, 9).Select(static i => $"p{i}").Where(n => accounts.All(a => a.Name != n)).ToArray();
                    var name = absent[random.Next(absent.Length)];
                    var joined = ledger.Join(name, step);
                    if (before.TryGetValue(name, out var old)) Assert.Equal(old, joined.Balance);
                    Assert.Equal(issued + joined.Balance, ledger.InCirculation);
                    accounts.Add(joined);
                    break;
                case 1 when any is not null && held.GetValueOrDefault(any) == 0:
                    before[any.Name] = any.Balance;
                    ledger.Leave(any, step);
                    Assert.Equal(0, any.Balance);
                    accounts.Remove(any);
                    break;
                case 2 when any is not null:
                    var amount = random.NextInt64(0, 400);
                    var available = any.Available;
                    Assert.Equal(amount <= available || amount == 0, any.TryHold(amount));
                    if (any.Available < available) held[any] = held.GetValueOrDefault(any) + amount;
                    break;
                case 3 when any is not null && held.GetValueOrDefault(any) is var kept and > 0:
                    var paid = random.NextInt64(0, kept + 1);
                    any.PayHeld(random.Next(2) == 0 ? ledger.Reserve : accounts[random.Next(accounts.Count)], paid, CreditReason.Loan, step);
                    any.Release(kept - paid);
                    held[any] = 0;
                    break;
                case 4 when any is not null:
                    ledger.TryPay(any, ledger.Reserve, random.NextInt64(0, 200), CreditReason.Pledged, step);
                    break;
                case 5:
                    ledger.DivideEarnings(step);
                    Assert.True(accounts.Count == 0 || ledger.Reserve.Balance < accounts.Count);
                    break;
                case 6 when any is not null:
                    Assert.True(ledger.TryPay(ledger.House, any, 5, CreditReason.Free, step));
                    break;
            }

            Assert.Equal(0, ledger.Sum());
            Assert.All(accounts, a => Assert.True(a.Available >= 0 && a.Held == held.GetValueOrDefault(a) && a.Balance >= -overdraft, $"{a.Statement()}"));
        }
    }
}
