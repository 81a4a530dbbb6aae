using ResourceBorrowing;

var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
builder.Logging.ClearProviders();
builder.Services.AddResourceBorrowing(pool => pool.Capacity = 30)
    .AddParticipant("checkout", nominalQuota: 15)
    .AddParticipant("search", nominalQuota: 10);
var app = builder.Build();

app.MapGet("/search", async ([FromKeyedServices("search")] Participant search, CancellationToken stop) =>
{
    using var lease = await search.AcquireAsync(1, stop);
    return lease.IsAcquired ? Results.Ok("found") : Results.Text(lease.Explanation, statusCode: 503);
});
// The same for callers that would rather be refused than wait.
app.MapGet("/search/now", ([FromKeyedServices("search")] Participant search) =>
{
    using var lease = search.TryAcquire();
    return lease.IsAcquired ? Results.Ok("found") : Results.Text(lease.Explanation, statusCode: 503);
});
await app.StartAsync();

using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
await Say("/search");

// All it owns, and as much again: until it has returned five loans, more is not lent to it.
using (app.Services.GetRequiredKeyedService<Participant>("search").TryAcquire(20)) await Say("/search/now");

async Task Say(string path)
{
    using var answer = await client.GetAsync(path);
    Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
}
