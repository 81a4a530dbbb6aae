using System.Text.Json;

namespace Storefront.Load;

/// <summary>The second process: an order comes in on standard input, a report goes out on standard output, until the input ends.</summary>
/// <remarks>The input ends when the first process does, however it ends: so this one never outlives it.</remarks>
internal static class LoadCommand
{
    internal const string Name = "generate-load";

    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(5);

    internal static async Task<int> RunAsync()
    {
        // Ctrl+C reaches both processes; the first decides what becomes of it.
        Console.CancelKeyPress += static (_, e) => e.Cancel = true;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = GiveUp };
        var generator = new LoadGenerator(http);
        using var input = new StreamReader(Console.OpenStandardInput());
        // Reading the console blocks, and arrivals are slept for: each on a thread of its own, or the thread pool would be out of threads for the answers.
        var next = OnItsOwnThread(input.ReadLine);
        while (await next is { } line)
        {
            var running = OnItsOwnThread(() => generator.RunAsync(JsonSerializer.Deserialize<LoadOrder>(line)!)).Unwrap();
            next = OnItsOwnThread(input.ReadLine);
            if (await Task.WhenAny(running, next) == next && next.Result is null) return 1;
            Console.Out.WriteLine(JsonSerializer.Serialize(await running));
        }

        return 0;
    }

    private static Task<T> OnItsOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
