using System.Diagnostics;
using Spectre.Console;

namespace Storefront.Reporting;

/// <summary>Bars that move, for a terminal.</summary>
internal sealed class LiveBoard(ProgressContext context) : IProgressBoard
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);

    internal static Task<T> ShowAsync<T>(IAnsiConsole console, Func<IProgressBoard, Task<T>> work) => console.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
        .StartAsync(context => work(new LiveBoard(context)));

    public async Task<T> WatchAsync<T>(string title, double seconds, Task<T> work)
    {
        var bar = context.AddTask(title, maxValue: seconds);
        var began = Stopwatch.GetTimestamp();
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(Frame));
            bar.Value = Math.Min(seconds * 0.99, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        var result = await work;
        bar.Value = seconds;
        return result;
    }
}
