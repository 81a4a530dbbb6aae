namespace ResourceBorrowing.AspNetCore.Tests;

public class ArchitectureTests
{
    [Fact]
    public void Type_NotForUsers_IsInternal()
    {
        string[] forUsers =
        [
            "HttpContextResourceLeaseExtensions", "ParticipantChoice", "RequestGuardOptions", "RequestUnits", "ResourceBorrowingApplicationBuilderExtensions", "ResourceRefusal",
            "ResourceUnitsAttribute", "ResourceUnitsEndpointConventionBuilderExtensions",
        ];
        Assert.Equal(forUsers, typeof(ParticipantChoice).Assembly.GetExportedTypes().Select(static t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Class_NotMadeForInheritance_IsSealed()
    {
        Assert.DoesNotContain(typeof(ParticipantChoice).Assembly.GetTypes(), static t => t is { IsClass: true, IsAbstract: false, IsSealed: false } && !t.Name.Contains('<', StringComparison.Ordinal));
    }
}
