using ResourceBorrowing;

var builder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
builder.Logging.ClearProviders();
builder.Services.AddResourceBorrowing(pool => pool.Capacity = 30)
    .AddParticipant("checkout", nominalQuota: 15)
    .AddParticipant("search", nominalQuota: 10);
var app = builder.Build();

app.MapGet("/search", ([FromKeyedServices("search")] Participant search) =>
{
    using var lease = search.TryAcquire();
    return lease.IsAcquired ? Results.Ok("found") : Results.Text(lease.Explanation, statusCode: 503);
});
await app.StartAsync();

using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
await Say();

// All it owns, the reserve, and what checkout lends: 10 + 5 + 7.
using (app.Services.GetRequiredKeyedService<Participant>("search").TryAcquire(22)) await Say();

async Task Say()
{
    using var answer = await client.GetAsync("/search");
    Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
}
