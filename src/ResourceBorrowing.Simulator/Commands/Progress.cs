using ResourceBorrowing.Simulator.Hosts;
using Spectre.Console;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary>How far the runs are, on standard error: bars that move on a terminal, a line for each finished run elsewhere.</summary>
internal static class Progress
{
    // A bar is told now and then: telling takes a lock.
    private const int StepsPerTelling = 16;

    internal static T Show<T>(IReadOnlyList<Policy> policies, long steps, Func<Action<Policy>, T> work)
    {
        var done = policies.ToDictionary(static p => p, static _ => 0L);
        if (Console.IsErrorRedirected)
        {
            return work(policy =>
            {
                if (++System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(done, policy) == steps) Console.Error.Write($"{policy.Name}: done\n");
            });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bars = policies.ToDictionary(static p => p, p => context.AddTask(p.Name, maxValue: steps));
                return work(policy =>
                {
                    ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(done, policy);
                    if (++count % StepsPerTelling == 0 || count == steps) bars[policy].Value = count;
                });
            });
    }
}
