using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ResourceBorrowing.Balancing;
using ResourceBorrowing.Simulator.Traces;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary><c>plan</c>: divides a sum by the water-filling of the balancer.</summary>
internal static class PlanCommand
{
    private const int Impossible = 1;

    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A JSON file: {\"requiredSum\": S, \"classes\": [{\"target\": t, \"lowerBound\": l, \"upperBound\": u}]}." };
        var command = new Command("plan", "Divides a sum between bounds in proportion to targets, as the balancer does, and prints the parts as a JSON array; 1 when there are none.") { file };
        command.SetAction(parsed => Plan(parsed.GetValue(file)!));
        return command;
    }

    private static int Plan(string path)
    {
        var (sum, claims) = Read(path);
        try
        {
            Console.Out.Write($"[{string.Join(',', WaterFilling.Fill(sum, claims).Select(static part => part.ToString("R", CultureInfo.InvariantCulture)))}]\n");
            return 0;
        }
        catch (ArgumentException exception)
        {
            Console.Error.Write($"{exception.Message}\n");
            return Impossible;
        }
    }

    private static (double Sum, Claim[] Claims) Read(string path)
    {
        try
        {
            using var problem = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = problem.RootElement;
            return (Number(root, "requiredSum"), [.. root.GetProperty("classes").EnumerateArray().Select(static c => new Claim(Number(c, "target"), Number(c, "lowerBound"), Number(c, "upperBound")))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TraceFormatException($"{path}: no problem to plan: {exception.Message}");
        }
    }

    private static double Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw new FormatException($"'{name}' must be there, as a number");
}
