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
        var next = input.ReadLineAsync();
        while (await next is { } line)
        {
            // On a thread of its own, because it sleeps between arrivals.
            var running = Task.Run(() => generator.RunAsync(JsonSerializer.Deserialize<LoadOrder>(line)!));
            next = input.ReadLineAsync();
            if (await Task.WhenAny(running, next) == next && next.Result is null) return 1;
            Console.Out.WriteLine(JsonSerializer.Serialize(await running));
        }

        return 0;
    }
}
