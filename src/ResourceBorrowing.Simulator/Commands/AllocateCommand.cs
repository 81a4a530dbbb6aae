using System.CommandLine;
using System.Globalization;
using System.Text;
using ResourceBorrowing.Simulator.Quanta;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>allocate</c>: divides units among demands, quantum by quantum, by one policy.</summary>
internal static class AllocateCommand
{
    private const long MostCredits = 1_000_000_000_000;

    private enum Remainder
    {
        Pool,
        Keep,
    }

    private enum LastPass
    {
        On,
        Off,
    }

    internal static Command Create()
    {
        var policy = Choice.OneOf("--policy", $"Who gets how much: {string.Join("; ", QuantumPolicy.All.Select(static p => $"{p.Name}: {p.Description}"))}.", QuantumPolicy.All, static p => p.Name);
        policy.Required = true;
        var trace = new Option<string>("--trace") { Description = "A CSV file of demand, wide or long. A row is a quantum; demand is rounded up to whole units.", Required = true, HelpName = "FILE" };
        var fairShare = Choice.Number<int>("--fair-share", "Units per participant", 1, 1_000_000);
        fairShare.Required = true;
        var capacity = Choice.Number<int>("--capacity", "Units to divide, default participants x fair share; all own equal parts, the earlier columns one more where they do not come out even", 1, int.MaxValue);
        var alpha = Choice.Number("--alpha", "karma: the part of its quota that each has for sure", 0m, 1m, 0.5m);
        var credits = Choice.Number<long>("--initial-credits", "karma, auction: what each begins with, default 1000 x fair share", 0, MostCredits);
        var freeCredits = new Option<bool>("--free-credits") { Description = "karma: all get credits each quantum, one for each unit that they do not have for sure. Without it credits are conserved." };
        var remainder = Choice.OneOf<Remainder>("--remainder", "karma: what becomes of units that rounding leaves over. Default pool: they are lent as well.");
        var lastPass = Choice.OneOf<LastPass>(
            "--last-pass", "karma: whether units that would lie idle for want of credits are handed out for nothing. Default on; off with both --free-credits and --remainder keep, which is the mechanism as published.");
        var normalize = new Option<bool>("--normalize") { Description = "Scale each participant to a mean demand of the fair share." };
        var bids = new Option<string?>("--bids") { Description = "auction: a CSV file 't,name,units,price[,priority[,partial]]' of what is bid. Default: each bids 1 credit a unit for what it demands beyond its quota.", HelpName = "FILE" };
        var output = new Option<string>("--out") { Description = "The CSV file to write: times and columns as in the trace, and what each may use, in whole units.", Required = true, HelpName = "FILE" };
        var creditOutput = new Option<string?>("--credits") { Description = "karma, auction: a CSV file to write of the same shape: what each has after the quantum, rounded down to whole credits.", HelpName = "FILE" };
        var command = new Command("allocate", "Divides units among demands, quantum by quantum: a policy alone, without requests and queues.")
        {
            policy, trace, fairShare, capacity, alpha, credits, freeCredits, remainder, lastPass, normalize, bids, output, creditOutput,
        };
        command.Validators.Add(result =>
        {
            // What is no policy has a fault of its own.
            if (result.GetResult(policy)?.Tokens is not [var name] || QuantumPolicy.All.FirstOrDefault(p => p.Name == name.Value) is not { } chosen) return;
            if (!chosen.HasCredits && result.GetResult(creditOutput) is not null) result.AddError($"--credits has no meaning with --policy {chosen.Name}, which has none.");
            if (chosen.Name != QuantumPolicy.AuctionName && result.GetResult(bids) is not null) result.AddError($"--bids has no meaning without --policy {QuantumPolicy.AuctionName}.");
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            var share = parsed.GetValue(fairShare);
            var isPublished = parsed.GetValue(freeCredits) && parsed.GetValue(remainder) == Remainder.Keep;
            var hasLastPass = parsed.GetResult(lastPass) is null ? !isPublished : parsed.GetValue(lastPass) == LastPass.On;
            var (input, allocated, credited, bidden) = (parsed.GetValue(trace)!, parsed.GetValue(output)!, parsed.GetValue(creditOutput), parsed.GetValue(bids));
            RefuseToOverwrite([input, bidden], [allocated, credited]);
            var file = TraceFile.Survey(input, needsStep: false);
            var terms = new QuantumTerms
            {
                Names = file.Names,
                Quotas = Quotas(parsed.GetResult(capacity) is null ? (long)share * file.Names.Count : parsed.GetValue(capacity), file.Names.Count),
                Alpha = parsed.GetValue(alpha),
                HasFreeCredits = parsed.GetValue(freeCredits),
                SharesRemainder = parsed.GetValue(remainder) == Remainder.Pool,
                HasLastPass = hasLastPass,
                InitialCredits = parsed.GetResult(credits) is null ? QuantumTerms.CreditsPerUnit * share : parsed.GetValue(credits),
                Bids = bidden is null ? null : BidFile.Read(bidden, file),
            };
            Allocate(new QuantumTrace(file, parsed.GetValue(normalize) ? share : 0), parsed.GetValue(policy)!.Open(terms), allocated, credited, cancellationToken);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static int[] Quotas(long capacity, int participants) => capacity <= int.MaxValue
        ? QuantumTerms.EqualQuotas((int)capacity, participants)
        : throw new TraceFormatException("The capacity would be above 2^31-1 units; give a smaller one.");

    private static void RefuseToOverwrite(IEnumerable<string?> inputs, IEnumerable<string?> outputs)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        bool IsNew(string path)
        {
            var isNew = false;
            OutputException.Guard(path, () => isNew = files.Add(Path.GetFullPath(path)));
            return isNew;
        }

        foreach (var input in inputs)
            if (input is not null) IsNew(input);
        foreach (var output in outputs)
            if (output is not null && !IsNew(output)) throw new TraceFormatException($"{output}: the same file cannot be read, or written twice, and written.");
    }

    private static void Allocate(QuantumTrace trace, Division division, string output, string? creditOutput, CancellationToken cancellationToken)
    {
        using var allocationsFile = Open(output, trace.File.Header);
        using var creditsFile = creditOutput is null ? null : Open(creditOutput, trace.File.Header);
        var allocations = new long[trace.File.Names.Count];
        foreach (var (time, demands) in trace.Quanta())
        {
            cancellationToken.ThrowIfCancellationRequested();
            division.Divide(demands, allocations);
            OutputException.Guard(output, () => Write(allocationsFile, time, allocations));
            if (creditsFile is not null) OutputException.Guard(creditOutput!, () => Write(creditsFile, time, division.Credits));
        }

        OutputException.Guard(output, allocationsFile.Dispose);
        if (creditsFile is not null) OutputException.Guard(creditOutput!, creditsFile.Dispose);
    }

    private static StreamWriter Open(string path, string header)
    {
        StreamWriter? writer = null;
        OutputException.Guard(path, () =>
        {
            writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
            writer.WriteLine(header);
        });
        return writer!;
    }

    private static void Write(StreamWriter writer, string time, IReadOnlyList<long> values)
    {
        writer.Write(time);
        for (var i = 0; i < values.Count; i++)
        {
            writer.Write(',');
            writer.Write(values[i].ToString(CultureInfo.InvariantCulture));
        }

        writer.WriteLine();
    }
}
