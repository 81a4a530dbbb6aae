using System.CommandLine;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary>All commands, and which exit code says what: 0 all well, 1 a target was missed or it failed, 2 wrong usage, 130 stopped.</summary>
internal static class CommandLine
{
    private const int Failed = 1;
    private const int Usage = 2;
    private const int Stopped = 130;

    internal static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("What would ResourceBorrowing do for your host? Replays demand through the library itself and through its rivals.")
        {
            CompareCommand.Create(), GenerateCommand.Create(), AttacksCommand.Create(), AttributionCommand.Create(), PlanCommand.Create(),
            ForecastCommand.Create(), ScoreCommand.Create(), AllocateCommand.Create(),
        };
        var parse = root.Parse(args);
        if (parse.Errors.Count > 0)
        {
            foreach (var error in parse.Errors) Console.Error.Write($"{error.Message}\n");
            Console.Error.Write("Try --help.\n");
            return Usage;
        }

        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            Console.Error.Write("Stopped.\n");
            return Stopped;
        }
        catch (Exception exception) when (exception is TraceFormatException or OutputException)
        {
            Console.Error.Write($"{exception.Message}\n");
            return Usage;
        }
    }
}
