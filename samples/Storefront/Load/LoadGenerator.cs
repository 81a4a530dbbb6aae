using System.Diagnostics;
using System.Net;
using Storefront.Demand;
using Storefront.Shop;

namespace Storefront.Load;

/// <summary>Sends requests when they are due, whatever became of those before: an overloaded shop is not spared.</summary>
internal sealed class LoadGenerator(HttpClient http)
{
    /// <remarks>Blocks its thread until the last request has been sent.</remarks>
    internal async Task<LoadReport> RunAsync(LoadOrder order)
    {
        var arrivals = ArrivalSchedule.Of(order.Rates, order.StepSeconds, order.Seed);
        var targets = Subsystem.All.Select(s => new Uri(order.Address, s.Name)).ToArray();
        var answers = new Task<Answer>[arrivals.Count];
        var lags = new double[arrivals.Count];
        var cpu = Environment.CpuUsage.TotalTime;
        var (startedAt, start) = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());

        for (var i = 0; i < arrivals.Count; i++)
        {
            var due = start + (long)(arrivals[i].At * Stopwatch.Frequency);
            // The load generator may sleep; the shop may not.
            while (Stopwatch.GetTimestamp() < due) Thread.Sleep(1);
            lags[i] = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
            answers[i] = AskAsync(targets[arrivals[i].Subsystem], due);
        }

        await Task.WhenAll(answers);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return Summarize(arrivals, answers, lags, startedAt, seconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private static LoadReport Summarize(List<Arrival> arrivals, Task<Answer>[] answers, double[] lags, DateTimeOffset startedAt, double seconds, double cpuSeconds)
    {
        var loads = Subsystem.All.Select(static _ => new SubsystemLoad()).ToArray();
        string? failure = null;
        for (var i = 0; i < answers.Length; i++)
        {
            var load = loads[arrivals[i].Subsystem];
            var answer = answers[i].Result;
            load.Sent++;
            (answer.Status == HttpStatusCode.OK ? load.Dues : load.MissedDues).Add(Math.Round(arrivals[i].At, 3));
            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    load.Latencies.Add(Math.Round(answer.Milliseconds, 3));
                    if (answer.Milliseconds <= Subsystem.Deadline.TotalMilliseconds) load.Good++; else load.Late++;
                    break;
                case HttpStatusCode.ServiceUnavailable:
                    load.Refused++;
                    break;
                default:
                    load.Failed++;
                    failure ??= answer.Failure ?? $"status {answer.Status}";
                    break;
            }
        }

        Array.Sort(lags);
        return new LoadReport(loads, startedAt, seconds, cpuSeconds, lags.Length == 0 ? 0 : lags[(int)(lags.Length * 0.99)], failure);
    }

    private async Task<Answer> AskAsync(Uri target, long due)
    {
        try
        {
            using var response = await http.GetAsync(target).ConfigureAwait(false);
            return new Answer(response.StatusCode, Stopwatch.GetElapsedTime(due).TotalMilliseconds, null);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return new Answer(default, 0, exception.Message);
        }
    }

    private readonly record struct Answer(HttpStatusCode Status, double Milliseconds, string? Failure);
}
