using ResourceBorrowing.Simulator.Measurement;
using ResourceBorrowing.Simulator.Model;
using ScottPlot;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>One picture.</summary>
/// <param name="File">The name of its file.</param>
/// <param name="Caption">What it shows.</param>
/// <param name="Png">The picture.</param>
internal sealed record Picture(string File, string Caption, byte[] Png);

/// <summary>The pictures. Colours are those of Okabe and Ito, which colour-blind readers can tell apart; shapes and labels say the same.</summary>
internal static class Plots
{
    private const int Width = 1000;
    private const int PanelHeight = 190;
    private const int Height = 460;
    private const double Nearly = 0.995;
    private static readonly Color Blue = Color.FromHex("#0072B2");
    private static readonly Color Orange = Color.FromHex("#E69F00");
    private static readonly Color Grey = Color.FromHex("#999999");
    private static readonly Color[] Series =
        [Blue, Orange, Color.FromHex("#009E73"), Color.FromHex("#D55E00"), Color.FromHex("#CC79A7"), Color.FromHex("#56B4E9"), Colors.Black, Color.FromHex("#8C6D00")];

    private static readonly LinePattern[] Patterns = [LinePattern.Solid, LinePattern.Dashed, LinePattern.Dotted, LinePattern.DenselyDashed];

    /// <summary>All pictures of a comparison: of the policy that lends, where it is among them, and of all policies.</summary>
    internal static IReadOnlyList<Picture> Of(Comparison comparison)
    {
        var plots = new List<Picture>
        {
            new("utilization.png", "Utilization per policy", Utilization(comparison)),
            new("goodput-harm.png", "Goodput against lender harm", GoodputAgainstHarm(comparison)),
        };
        if (comparison[Hosts.Policy.BorrowingName] is not { } ours) return plots;
        plots.Add(new("allocations.png", $"Allocations over time ({ours.Policy.Name})", Allocations(ours, comparison.Scenario)));
        plots.Add(new("scores.png", $"Scores over time ({ours.Policy.Name})", Scores(ours, comparison.Scenario)));
        return plots;
    }

    /// <summary>One panel for each participant that is shown: demand, allocation, quota.</summary>
    internal static byte[] Allocations(PolicyResult result, Scenario scenario)
    {
        var demand = DemandOf(result, scenario);
        var panels = new Multiplot();
        panels.AddPlots(result.Shown.Length);
        var columns = result.Shown.Length > 1 ? 2 : 1;
        var rows = (result.Shown.Length + columns - 1) / columns;
        panels.Layout = new ScottPlot.MultiplotLayouts.Grid(rows, columns);
        for (var i = 0; i < result.Shown.Length; i++)
        {
            var plot = panels.GetPlot(i);
            var (wanted, allowed) = (Line(plot, demand, i), Line(plot, result.Allocations, i));
            (wanted.Color, wanted.LineWidth, wanted.LegendText) = (Orange, 1, "demand");
            (allowed.Color, allowed.LineWidth, allowed.LegendText) = (Blue, 1.5f, "allocation");
            var quota = plot.Add.HorizontalLine(scenario.Quotas[result.Shown[i]], 1.5f, Colors.Black, LinePattern.Dashed);
            quota.LegendText = "quota";
            Name(plot, "step", "units");
            FitTo(plot, result.Allocations);
            // One peak far above all else would leave nothing to be seen of the rest.
            var top = 1.05 * Math.Max(scenario.Quotas[result.Shown[i]] + 1, Math.Max(Most(demand, i, Nearly), Most(result.Allocations, i, 1)));
            var peak = Most(demand, i, 1);
            plot.Axes.SetLimitsY(0, top);
            plot.Title($"{scenario.Names[result.Shown[i]]}{(peak > top ? $" (demand peaks at {Figures.Short(Math.Round(peak))})" : "")}", 13);
            // One legend for all panels, above the data of the first.
            if (i == 0) plot.ShowLegend(Alignment.UpperCenter, Orientation.Horizontal);
            else plot.HideLegend();
        }

        return panels.Render(Width, PanelHeight * rows + 20).GetImageBytes(ImageFormat.Png);
    }

    internal static byte[] Scores(PolicyResult result, Scenario scenario)
    {
        using var plot = new Plot();
        for (var i = 0; i < result.Shown.Length; i++)
        {
            var line = Line(plot, result.Scores, i);
            (line.Color, line.LinePattern, line.LineWidth) = (Series[i % Series.Length], Patterns[i % Patterns.Length], 2);
            line.LegendText = scenario.Names[result.Shown[i]];
        }

        plot.Title($"Reputation ({result.Policy.Name})", 16);
        Name(plot, "step", "score, 0 to 100");
        FitTo(plot, result.Scores);
        plot.Axes.SetLimitsY(0, 102);
        plot.ShowLegend(Edge.Right);
        return Png(plot);
    }

    internal static byte[] Utilization(Comparison comparison)
    {
        using var plot = new Plot();
        var bars = comparison.Results.Select((r, i) => new Bar
        {
            Position = -i,
            Value = 100 * r.Utilization,
            FillColor = IsOurs(r) ? Blue : Grey,
            Label = Figures.Short(Math.Round(100 * r.Utilization, 1)) + " %",
            CenterLabel = false,
        }).ToArray();
        var shown = plot.Add.Bars(bars);
        shown.Horizontal = true;
        plot.Axes.Left.SetTicks([.. bars.Select(static b => b.Position)], [.. comparison.Results.Select(static r => r.Policy.Name)]);
        plot.Title("Utilization by requests that finished in time", 16);
        Name(plot, "% of the capacity", "");
        plot.Axes.SetLimitsX(0, 110);
        plot.HideLegend();
        return Png(plot);
    }

    internal static byte[] GoodputAgainstHarm(Comparison comparison)
    {
        using var plot = new Plot();
        var values = comparison.Results.Select(static r => (Harm: r.HarmP99 ?? 0, Goodput: 100 * r.Goodput, Result: r)).ToList();
        var (low, high) = (values.Min(static v => v.Goodput), values.Max(static v => v.Goodput));
        var margin = Math.Max(1, 0.1 * (high - low));
        var labels = new List<(double Harm, double Goodput, string Text)>();
        foreach (var (harm, goodput, result) in values.OrderByDescending(static v => v.Goodput))
        {
            var marker = plot.Add.Marker(harm, goodput, IsOurs(result) ? MarkerShape.FilledDiamond : MarkerShape.OpenCircle, 12, IsOurs(result) ? Blue : Colors.Black);
            marker.LineWidth = 2;
            var text = result.Policy.Name;
            // Points that lie close together share a label, right of all of them.
            var near = labels.FindIndex(l => Math.Abs(l.Goodput - goodput) < margin / 3 && Math.Abs(l.Harm - harm) < 0.2);
            if (near < 0) labels.Add((harm, goodput, text));
            else labels[near] = (Math.Max(labels[near].Harm, harm), labels[near].Goodput, $"{labels[near].Text}, {text}");
        }

        foreach (var (harm, goodput, text) in labels)
        {
            var label = plot.Add.Text(text, harm, goodput);
            (label.LabelFontSize, label.LabelAlignment, label.OffsetX) = (13, Alignment.MiddleLeft, 10);
        }

        plot.Title("Goodput against harm to lenders: up and to the left is better", 16);
        Name(plot, "lender harm p99, in service times (0 where nothing is lent)", "goodput, % of requests");
        plot.Axes.SetLimits(-0.05, Math.Max(1.4, values.Max(static v => v.Harm) * 1.4), low - margin, high + margin);
        return Png(plot);
    }

    private static bool IsOurs(PolicyResult result) => result.Policy.Name == Hosts.Policy.BorrowingName;

    private static ScottPlot.Plottables.Signal Line(Plot plot, Timeline timeline, int series)
    {
        var line = plot.Add.Signal(timeline.Samples.Select(s => s[series]).ToArray(), timeline.Stride);
        line.MaximumMarkerSize = 0;
        return line;
    }

    /// <summary>What a part of the samples does not exceed.</summary>
    private static double Most(Timeline timeline, int series, double part)
    {
        var values = timeline.Samples.Select(s => s[series]).Order().ToArray();
        return values.Length == 0 ? 0 : values[(int)Math.Min(values.Length - 1, part * values.Length)];
    }

    private static void FitTo(Plot plot, Timeline timeline) => plot.Axes.SetLimitsX(0, Math.Max(1, timeline.Samples.Count * timeline.Stride));

    private static void Name(Plot plot, string x, string y)
    {
        plot.XLabel(x, 13);
        plot.YLabel(y, 13);
    }

    private static byte[] Png(Plot plot) => plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);

    /// <summary>The demand of those shown, in units, at the times of their allocations.</summary>
    private static Timeline DemandOf(PolicyResult result, Scenario scenario)
    {
        var timeline = new Timeline(result.Shown.Length);
        foreach (var demand in scenario.Traces.Demand())
            timeline.Add([.. result.Shown.Select(i => scenario.RequestsOf(i, demand[i]) * scenario.Model.Service)]);
        return timeline;
    }
}
