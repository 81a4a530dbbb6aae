using ResourceBorrowing.AspNetCore;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks().AddResourceBorrowing();
builder.Services.AddResourceBorrowing(pool => pool.Capacity = 30)
    .AddParticipant("checkout", nominalQuota: 15)
    .AddParticipant("search", nominalQuota: 10);
var app = builder.Build();
app.UseResourceBorrowing(options => options.RecordOutcomes = true);

app.MapHealthChecks("/health");
app.MapGet("/search", (RequestUnits units) => $"found, with {units.Units} of {units.Participant.NominalQuota} units").RequireResourceUnits("search");
app.MapGet("/report", () => "drawn up").RequireResourceUnits("search", context => int.TryParse(context.Request.Query["pages"], out var pages) && pages > 0 ? pages : 1);
app.MapGroup("/tenant").RequireResourceUnits(ParticipantChoice.ByHeader("X-Tenant", fallback: "search").WithNewParticipants(options => options.NominalQuota = 1, most: 3))
    .MapGet("/", (HttpContext context) => context.Features.Get<RequestUnits>()!.Participant.Name);
app.Run();
