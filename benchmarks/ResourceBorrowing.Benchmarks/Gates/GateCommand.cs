using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary><c>gates [NAME...] [--out FILE]</c>: one line for each gate on standard output, everything else on standard error.</summary>
internal static class GateCommand
{
    internal const int UsageError = 2;

    internal static int Run(string[] args)
    {
        if (IsDebugBuild(typeof(ResourcePool)) || IsDebugBuild(typeof(GateCommand))) return Fail("Gates measure release builds only: dotnet run -c Release ...");
        if (!TryParse(args, out var gates, out var file, out var fault)) return Fail(fault);

        using var report = file is null ? TextWriter.Null : new StreamWriter(file) { NewLine = "\n" };
        foreach (var line in RunHeader.Lines()) Remark(line);
        var isShort = false;
        foreach (var gate in gates)
        {
            var trial = Trial.Of(gate, reading => Remark($"{gate.Name}: {gate.Bound.Print(reading.Value)}{(reading.IsConclusive ? "" : ", inconclusive")} ({reading.Detail})"));
            isShort |= trial.Verdict == Trial.Short;
            Console.Out.Write($"{trial}\n");
            report.WriteLine(trial);
        }

        return isShort ? 1 : 0;

        void Remark(string text)
        {
            Console.Error.Write($"# {text}\n");
            report.WriteLine($"# {text}");
        }
    }

    private static bool TryParse(string[] args, out List<Gate> gates, out string? file, [NotNullWhen(false)] out string? fault)
    {
        gates = [];
        file = fault = null;
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i];
            if (name == "--out")
            {
                if (++i == args.Length) fault = "--out needs a file.";
                else file = args[i];
            }
            else if (GateList.All.Where(gate => gate.IsCalled(name)).ToList() is { Count: > 0 } found)
            {
                gates.AddRange(found.Except(gates));
            }
            else
            {
                fault = $"There is no gate '{name}'. The gates:\n{string.Join('\n', GateList.All.Select(static gate => gate.Name))}";
            }

            if (fault is not null) return false;
        }

        if (gates.Count == 0) gates.AddRange(GateList.All);
        return true;
    }

    private static int Fail(string message)
    {
        Console.Error.Write($"{message}\n");
        return UsageError;
    }

    private static bool IsDebugBuild(Type type) =>
        type.Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };
}
