using Spectre.Console;
using Storefront.Measurement;
using Storefront.Reporting;

namespace Storefront;

/// <summary>Measures, and shows the result: figures on standard output, progress on standard error.</summary>
internal static class MainJob
{
    private const int WidthOfFiles = 110;

    internal static async Task<int> RunAsync(int seconds, int seed, string? trace, double? season, string? json, CancellationToken cancellationToken)
    {
        // Opened first: nobody shall wait a minute to learn that the file cannot be written.
        using var file = json is null ? null : Open(json);
        var errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        Task<ExperimentResult> MeasureAsync(IProgressBoard board) => new Experiment(seed, trace, season, seconds, board).RunAsync(cancellationToken);
        var result = Console.IsErrorRedirected
            ? await MeasureAsync(new PlainBoard(Console.Error))
            : await LiveBoard.ShowAsync(errors, MeasureAsync);

        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = WidthOfFiles;
        ResultTables.Write(AnsiConsole.Console, result);
        if (file is not null) ResultJson.Write(file, result);
        return 0;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new OutputFileException(path, exception);
        }
    }
}
