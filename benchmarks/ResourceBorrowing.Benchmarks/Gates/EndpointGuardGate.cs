using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>
/// An endpoint behind <c>RequireResourceUnits</c> against the same behind the framework's concurrency policy: real HTTP to Kestrel in a second process, latency as the client sees it or CPU time as
/// that process counts it, by the best of many interleaved slices. The policy runs twice, and when it differs from itself too much, nothing is concluded.
/// </summary>
internal sealed class EndpointGuardGate(bool isCpu, double most) : Gate($"endpoint-guard/{(isCpu ? "cpu" : "latency")}", Bound.AtMost(most))
{
    private const string HostProject = "ResourceBorrowing.EndpointHost";
    private const int Rounds = 60;
    private const int WarmUpRounds = 30;
    private const int Requests = 300;
    private const double MostNoise = 1.05;

    internal override Reading Measure()
    {
        using var host = Process.Start(new ProcessStartInfo("dotnet", [HostPath()]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            var clients = host.StandardOutput.ReadLine()!.Split(' ').Select(static address => new Client(new Uri(address))).ToArray();
            Span<double> best = [double.MaxValue, double.MaxValue, double.MaxValue];
            for (var round = -WarmUpRounds; round < Rounds; round++)
            {
                for (var i = 0; i < clients.Length; i++)
                {
                    var microseconds = isCpu ? CpuOf(host, clients[i]) : clients[i].Send(Requests);
                    if (round >= 0) best[i] = Math.Min(best[i], microseconds);
                }
            }

            foreach (var client in clients) client.Dispose();
            var noise = Math.Max(best[1], best[2]) / Math.Min(best[1], best[2]);
            var theirs = Math.Min(best[1], best[2]);
            return new Reading(best[0] / theirs, $"{best[0]:F2} us / {theirs:F2} us a request, A/A {noise:F3}", noise <= MostNoise);
        }
        finally
        {
            host.StandardInput.Close();
            host.WaitForExit();
        }
    }

    private static double CpuOf(Process host, Client client)
    {
        var before = Cpu(host);
        client.Send(Requests);
        return (Cpu(host) - before) / Requests;
    }

    /// <returns>Microseconds of CPU time that the host has used.</returns>
    private static double Cpu(Process host)
    {
        host.StandardInput.WriteLine();
        host.StandardInput.Flush();
        return new TimeSpan(long.Parse(host.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture)).TotalMicroseconds;
    }

    // A project of its own, so that the gates' processes need not start the web framework; built beside this one, in the same configuration.
    private static string HostPath()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(output.Parent!.Parent!.Parent!.Parent!.FullName, HostProject, "bin", output.Parent.Name, output.Name, $"{HostProject}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"Build benchmarks/{HostProject} first.", path);
    }

    /// <summary>One connection that is kept alive, with as little of its own as can be.</summary>
    private sealed class Client : IDisposable
    {
        private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _answer = new byte[4096];
        private readonly int _length;

        internal Client(Uri address)
        {
            _socket.Connect(IPAddress.Loopback, address.Port);
            _socket.Send(Request);
            _length = _socket.Receive(_answer);
            if (!Encoding.ASCII.GetString(_answer, 0, _length).StartsWith("HTTP/1.1 200", StringComparison.Ordinal)) throw new InvalidOperationException($"{address} does not answer as it should.");
        }

        /// <returns>Microseconds a request. All answers are as long as the first.</returns>
        internal double Send(int requests)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < requests; i++)
            {
                _socket.Send(Request);
                for (var received = 0; received < _length;) received += _socket.Receive(_answer);
            }

            return Stopwatch.GetElapsedTime(began).TotalMicroseconds / requests;
        }

        public void Dispose() => _socket.Dispose();
    }
}
