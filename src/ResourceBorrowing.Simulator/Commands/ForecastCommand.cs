using System.CommandLine;
using System.Globalization;
using System.Text;
using ResourceBorrowing.Forecasting;
using ResourceBorrowing.Simulator.Reporting;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>forecast</c>: what the library would have foretold, step by step.</summary>
internal static class ForecastCommand
{
    internal static Command Create()
    {
        var trace = new Option<string>("--trace") { Description = "A CSV file of demand with one series.", Required = true, HelpName = "FILE" };
        var seasons = new Option<int[]>("--season") { Description = "Steps of a season, 2 to 1000000; may be given more than once. Default a day and a week.", HelpName = "STEPS" };
        seasons.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) || steps is < 2 or > 1_000_000) result.AddError($"--season must be 2 to 1000000 steps, not '{token.Value}'.");
        });
        var output = new Option<string>("--out") { Description = "The CSV file to write: in the row of t what was foretold before t was seen, of t and of the largest of t to t+5.", Required = true, HelpName = "FILE" };
        var command = new Command("forecast", "Writes the quantiles that the library's forecaster gives while it reads a series of demand.") { trace, seasons, output };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Forecast(parsed.GetValue(trace)!, parsed.GetValue(seasons) ?? [], parsed.GetValue(output)!, cancellationToken), cancellationToken));
        return command;
    }

    private static int Forecast(string path, int[] seasons, string output, CancellationToken cancellationToken)
    {
        var all = DemandSeries.Read(path);
        if (all is not [var series]) throw new TraceFormatException($"{path}: one series expected, {all.Count} found: {string.Join(", ", all.Select(static s => s.Name))}");
        var forecaster = new SeasonalForecaster(seasons is [] ? [series.Day, 7 * series.Day] : seasons);
        OutputException.Guard(output, () =>
        {
            using var writer = new StreamWriter(output, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
            writer.WriteLine($"t,value,{Header("t1")},{Header("t2")}");
            var quantiles = new double[DemandQuantiles.Levels.Length];
            for (var i = 0; i < series.Values.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.Write($"{Text(series.Times[i])},{Text(series.Values[i])}");
                for (var target = DemandTarget.NextStep; target <= DemandTarget.NextWindow; target++)
                {
                    var isKnown = forecaster.TryForecast(target, quantiles);
                    foreach (var quantile in quantiles) writer.Write(isKnown ? $",{Text(quantile)}" : ",");
                }

                writer.WriteLine();
                forecaster.Observe(series.Values[i]);
            }
        });
        return 0;
    }

    private static string Header(string target) => string.Join(',', DemandQuantiles.Levels.ToArray().Select(level => $"{target}_q{100 * level:0}"));

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
