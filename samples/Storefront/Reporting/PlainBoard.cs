using System.Globalization;

namespace Storefront.Reporting;

/// <summary>A line for each step, for a file or a pipe.</summary>
internal sealed class PlainBoard(TextWriter output) : IProgressBoard
{
    public async Task<T> WatchAsync<T>(string title, double seconds, Task<T> work)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{title} ({seconds:0.#} s)\n"));
        return await work;
    }
}
