using System.Text;
using System.Text.Json;
using ResourceBorrowing.Simulator.Measurement;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>The result for programs: <c>results.csv</c>, a row for each policy, and <c>results.json</c>, with the model and each participant.</summary>
internal static class ResultFiles
{
    /// <summary>Writes everything to a folder that exists.</summary>
    internal static void WriteAll(string folder, Comparison comparison)
    {
        void Write(string name, byte[] content)
        {
            var path = Path.Combine(folder, name);
            OutputException.Guard(path, () => File.WriteAllBytes(path, content));
        }

        Write("results.csv", Encoding.UTF8.GetBytes(Csv(comparison)));
        Write("results.json", Json(comparison));
        var plots = Plots.Of(comparison);
        foreach (var plot in plots) Write(plot.File, plot.Png);
        Write("report.html", Encoding.UTF8.GetBytes(HtmlReport.Of(comparison, plots)));
    }

    internal static string Csv(Comparison comparison)
    {
        var lines = new List<string> { string.Join(',', ["policy", .. Column.All.Select(static c => c.Key)]) };
        foreach (var result in comparison.Results) lines.Add(string.Join(',', [result.Policy.Name, .. Column.All.Select(c => Figures.Exact(c.Value(result)))]));
        return string.Join('\n', lines) + "\n";
    }

    internal static byte[] Json(Comparison comparison)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteModel(json, comparison);
            json.WriteStartArray("policies");
            foreach (var result in comparison.Results) WriteResult(json, result, comparison);
            json.WriteEndArray();
            json.WriteStartArray("targets");
            foreach (var target in Target.Of(comparison))
            {
                json.WriteStartObject();
                json.WriteString("policy", target.Policy);
                json.WriteString("target", target.Name);
                WriteFigure(json, "measured", target.Value);
                json.WriteString("mustBe", target.Bound);
                json.WriteBoolean("isMet", target.IsMet);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static void WriteModel(Utf8JsonWriter json, Comparison comparison)
    {
        var (scenario, model) = (comparison.Scenario, comparison.Scenario.Model);
        json.WriteStartObject("model");
        json.WriteNumber("participants", scenario.Names.Count);
        json.WriteNumber("steps", scenario.Traces.Steps);
        json.WriteNumber("stepSeconds", model.StepLength.TotalSeconds);
        json.WriteNumber("requestsPerStep", model.RequestsPerStep);
        json.WriteBoolean("isNormalized", model.IsNormalized);
        json.WriteNumber("serviceSteps", model.Service);
        json.WriteNumber("patienceServiceTimes", model.Patience);
        json.WriteNumber("capacity", scenario.Capacity);
        json.WriteNumber("meanDemand", Conditions.MeanDemand(scenario));
        json.WriteNumber("lendingPart", model.LendingPart);
        json.WriteNumber("seed", model.Seed);
        json.WriteString("adversary", model.Adversary.ToString().ToLowerInvariant());
        if (scenario.Adversary >= 0) json.WriteString("adversaryName", scenario.Names[scenario.Adversary]);
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, PolicyResult result, Comparison comparison)
    {
        json.WriteStartObject();
        json.WriteString("policy", result.Policy.Name);
        foreach (var column in Column.All) WriteFigure(json, column.Key, column.Value(result));
        json.WriteNumber("rises", result.Rises);
        json.WriteStartObject("welfare");
        for (var i = 0; i < result.Welfare.Length; i++) WriteFigure(json, comparison.Scenario.Names[i], result.Welfare[i]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFigure(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } figure && double.IsFinite(figure)) json.WriteNumber(name, figure);
        else json.WriteNull(name);
    }
}
