using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ResourceBorrowing.Benchmarks.Gates;

/// <summary>What the processes do that <see cref="StartupGate"/> starts.</summary>
internal static class StartupChild
{
    internal const string Pool = "pool";
    internal const string Options = "options";

    private const int Participants = 1000;

    internal static int Run(string variant) => variant switch
    {
        Pool => AcquireOnce(),
        Options => ReadOnce(),
        _ => GateCommand.UsageError,
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int AcquireOnce()
    {
        var services = new ServiceCollection();
        services.AddResourceBorrowing(static options =>
        {
            options.Capacity = Participants * 10;
            for (var i = 0; i < Participants; i++) options.AddParticipant($"p{i}", 10);
        });
        using var provider = services.BuildServiceProvider();
        using var lease = provider.GetRequiredService<ResourcePool>()["p7"].TryAcquire();
        return lease.IsAcquired ? 0 : 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ReadOnce()
    {
        var services = new ServiceCollection();
        services.AddOptions<Nothing>().Configure(static nothing => nothing.Value = 10);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<Nothing>>().Value.Value == 10 ? 0 : 1;
    }

    private sealed class Nothing
    {
        public int Value { get; set; }
    }
}
