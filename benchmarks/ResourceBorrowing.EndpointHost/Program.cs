using System.Globalization;
using Microsoft.AspNetCore.RateLimiting;

// The same endpoint three times, each in a host of its own: behind our guard, behind the framework's concurrency policy, and behind that once more. Says where they are, and lives
// until its standard input ends.
const int Permits = 100;

var hosts = new[] { await StartGuarded(), await StartLimited(), await StartLimited() };
Console.WriteLine(string.Join(' ', hosts.Select(static host => host.Urls.First())));
while (await Console.In.ReadLineAsync() is not null) Console.WriteLine(Environment.CpuUsage.TotalTime.Ticks.ToString(CultureInfo.InvariantCulture));
foreach (var host in hosts) await host.DisposeAsync();

static WebApplicationBuilder Builder()
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.WebHost.UseUrls("http://127.0.0.1:0");
    return builder;
}

static async Task<WebApplication> StartGuarded()
{
    var builder = Builder();
    builder.Services.AddResourceBorrowing(static options => options.Capacity = Permits).AddParticipant("api", Permits);
    var app = builder.Build();
    app.UseResourceBorrowing();
    app.MapGet("/", Answer).RequireResourceUnits("api");
    await app.StartAsync();
    return app;
}

static async Task<WebApplication> StartLimited()
{
    var builder = Builder();
    builder.Services.AddRateLimiter(static options => options.AddConcurrencyLimiter("api", static limiter => (limiter.PermitLimit, limiter.QueueLimit) = (Permits, Permits)));
    var app = builder.Build();
    app.UseRateLimiter();
    app.MapGet("/", Answer).RequireRateLimiting("api");
    await app.StartAsync();
    return app;
}

static Task Answer(HttpContext context)
{
    context.Response.ContentLength = 2;
    return context.Response.WriteAsync("ok");
}
