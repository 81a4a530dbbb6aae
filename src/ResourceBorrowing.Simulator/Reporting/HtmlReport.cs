using System.Net;
using System.Text;
using ResourceBorrowing.Simulator.Measurement;

namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>The whole result on one page that needs no other file.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
        h1, h2 { line-height: 1.2; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; margin: 1rem 0; }
        th, td { padding: .3rem .7rem; border-bottom: 1px solid #ccc; text-align: right; white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; }
        tr.ours { font-weight: 600; background: #e8f1f8; }
        td.missed { font-weight: 600; color: #a33c00; }
        img { max-width: 100%; height: auto; border: 1px solid #ddd; }
        dt { font-weight: 600; } dd { margin: 0 0 .4rem 1.2rem; }
        """;

    internal static string Of(Comparison comparison, IReadOnlyList<Picture> plots)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<title>What would borrowing do?</title>\n<style>\n").Append(Style).Append("\n</style>\n</head>\n<body>\n<h1>What would borrowing do?</h1>\n<p>");
        html.AppendJoin("<br>\n", Conditions.Of(comparison.Scenario).Select(Text)).Append("</p>\n");
        Table(html, "Service", Column.Service, comparison);
        Table(html, "Fairness and harm", Column.Fairness, comparison);
        Targets(html, comparison);
        foreach (var (_, caption, png) in plots)
            html.Append($"<h2>{Text(caption)}</h2>\n<p><img alt=\"{Text(caption)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\"></p>\n");
        html.Append("<h2>What the columns mean</h2>\n<dl>\n");
        foreach (var column in Column.All) html.Append($"<dt>{Text(column.Title)}</dt><dd>{Text(column.Meaning)}</dd>\n");
        html.Append("</dl>\n<h2>The policies</h2>\n<dl>\n");
        foreach (var result in comparison.Results) html.Append($"<dt>{Text(result.Policy.Name)}</dt><dd>{Text(result.Policy.Description)}</dd>\n");
        return html.Append("</dl>\n</body>\n</html>\n").ToString();
    }

    private static void Table(StringBuilder html, string title, IReadOnlyList<Column> columns, Comparison comparison)
    {
        var shown = columns.Where(c => comparison.Results.Any(r => c.Value(r) is not null)).ToList();
        html.Append($"<h2>{Text(title)}</h2>\n<div class=\"wide\"><table>\n<tr><th scope=\"col\">policy</th>");
        foreach (var column in shown) html.Append($"<th scope=\"col\" title=\"{Text(column.Meaning)}\">{Text(column.Title)}</th>");
        html.Append("</tr>\n");
        foreach (var result in comparison.Results)
        {
            html.Append(result.Policy.IsOurs ? "<tr class=\"ours\">" : "<tr>").Append($"<td>{Text(result.Policy.Name)}</td>");
            foreach (var column in shown) html.Append($"<td>{Text(column.Show(result))}</td>");
            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static void Targets(StringBuilder html, Comparison comparison)
    {
        var targets = Target.Of(comparison);
        if (targets.Count == 0) return;
        html.Append("<h2>What borrowing must show</h2>\n<div class=\"wide\"><table>\n<tr><th scope=\"col\">policy</th><th scope=\"col\">target</th><th scope=\"col\">measured</th><th scope=\"col\">must be</th><th scope=\"col\"></th></tr>\n");
        foreach (var target in targets)
        {
            html.Append($"<tr><td>{Text(target.Policy)}</td><td>{Text(target.Name)}</td><td>{Figures.Short(target.Value)}</td><td>{Text(target.Bound)}</td>");
            html.Append(target.IsMet ? "<td>ok</td></tr>\n" : "<td class=\"missed\">missed</td></tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
