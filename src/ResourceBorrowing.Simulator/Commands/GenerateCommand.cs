using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>generate</c>: a synthetic trace, written row by row.</summary>
internal static class GenerateCommand
{
    private const int StepSeconds = 300;

    internal static Command Create()
    {
        var kind = Choice.OneOf<SyntheticKind>("--kind", "What demand looks like: a day with noise; calm and bursts; levels that jump; or made to hurt lenders.");
        kind.Required = true;
        var participants = Choice.Number("--participants", "How many participants", 1, 10_000, 8);
        var steps = Choice.Number("--steps", "How many steps, of 300 s each", 2, 100_000_000, 2_000);
        var seed = Choice.Number("--seed", "Seed of all chance", int.MinValue, int.MaxValue, 1);
        var output = new Option<string>("--out") { Description = "The file to write; gzipped when its name ends with .gz.", HelpName = "FILE", Required = true };
        var command = new Command("generate", "Writes a synthetic demand trace: the same seed, the same file.") { kind, participants, steps, seed, output };
        command.SetAction((parsed, cancellationToken) =>
        {
            var path = parsed.GetValue(output)!;
            OutputException.Guard(path, () => Write(
                path, parsed.GetValue(kind), parsed.GetValue(participants), parsed.GetValue(steps), parsed.GetValue(seed), cancellationToken));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Write(string path, SyntheticKind kind, int participants, int steps, int seed, CancellationToken cancellationToken)
    {
        Stream file = File.Create(path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) file = new GZipStream(file, CompressionLevel.Optimal);
        using var writer = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        writer.WriteLine($"t,{string.Join(',', Enumerable.Range(1, participants).Select(static i => $"api{i.ToString(CultureInfo.InvariantCulture)}"))}");
        var step = 0L;
        foreach (var demand in SyntheticDemand.Of(kind, participants, seed).Take(steps))
        {
            cancellationToken.ThrowIfCancellationRequested();
            writer.Write((step++ * StepSeconds).ToString(CultureInfo.InvariantCulture));
            foreach (var value in demand)
            {
                writer.Write(',');
                writer.Write(value.ToString("0.####", CultureInfo.InvariantCulture));
            }

            writer.WriteLine();
        }
    }
}
