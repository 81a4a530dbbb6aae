using System.CommandLine;
using System.Globalization;
using Storefront.Demand;
using Storefront.Load;
using Storefront.Measurement;
using Storefront.Shop;

namespace Storefront;

/// <summary>The options, and which exit code says what: 0 done, also when borrowing loses; 1 failed; 2 wrong usage; 130 stopped.</summary>
internal static class CommandLine
{
    private const int Failed = 1;
    private const int Usage = 2;
    private const int Stopped = 130;
    private const int LeastSeconds = 3;
    private const int MostSeconds = 3600;

    internal static async Task<int> RunAsync(string[] args)
    {
        var seconds = new Option<int>("--seconds")
        {
            Description = $"Measured time of all three policies together, {LeastSeconds} to {MostSeconds}. Calibration and starting come on top.",
            DefaultValueFactory = static _ => 30,
            HelpName = "N",
        };
        seconds.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
                && value is < LeastSeconds or > MostSeconds)
                result.AddError($"--seconds must be {LeastSeconds} to {MostSeconds}.");
        });
        var seed = new Option<int>("--seed") { Description = "Seed of the demand and of the arrivals.", DefaultValueFactory = static _ => 1, HelpName = "N" };
        var json = new Option<string?>("--json") { Description = "Also write the result to this file, as JSON.", HelpName = "FILE" };
        var trace = new Option<string?>("--trace") { Description = "Demand from a CSV file: t and one column for each subsystem.", HelpName = "FILE" };
        var season = new Option<double?>("--season") { Description = "After how long the demand of --trace repeats itself, in the times of that file.", HelpName = "T" };
        var serve = new Option<bool>("--serve") { Description = "Measure nothing: keep the shop up, with borrowing, until Ctrl+C." };

        var root = new RootCommand("A shop of eight subsystems under three policies: static split, one shared pool, borrowing.")
        {
            seconds, seed, json, trace, season, serve,
        };
        root.Validators.Add(result =>
        {
            Option[] measuring = [seconds, seed, json, trace, season];
            if (result.GetValue(serve) && measuring.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } other)
                result.AddError($"--serve measures nothing, so {other.Name} has no meaning with it.");
            else if (result.GetResult(season) is { Implicit: false } && result.GetValue(trace) is null) result.AddError("--season is of a trace: it needs --trace.");
        });
        root.SetAction((parsed, cancellationToken) => parsed.GetValue(serve)
            ? ShopWindow.RunAsync(cancellationToken)
            : MainJob.RunAsync(parsed.GetValue(seconds), parsed.GetValue(seed), parsed.GetValue(trace), parsed.GetValue(season), parsed.GetValue(json), cancellationToken));

        var generate = new Command(LoadCommand.Name) { Hidden = true };
        generate.SetAction(static (_, _) => LoadCommand.RunAsync());
        root.Subcommands.Add(generate);

        var parse = root.Parse(args);
        if (parse.Errors.Count > 0)
        {
            foreach (var error in parse.Errors) Console.Error.Write($"{error.Message}\n");
            Console.Error.Write("Try --help.\n");
            return Usage;
        }

        return await GuardedAsync(parse);
    }

    private static async Task<int> GuardedAsync(ParseResult parse)
    {
        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            Console.Error.Write("Stopped.\n");
            return Stopped;
        }
        catch (Exception exception) when (exception is TraceFormatException or OutputFileException)
        {
            Console.Error.Write($"{exception.Message}\n");
            return Usage;
        }
        catch (Exception exception) when (exception is LoadFailedException or IOException)
        {
            Console.Error.Write($"{exception.Message}\n");
            return Failed;
        }
    }
}
