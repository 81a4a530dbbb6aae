namespace ResourceBorrowing.Tests;

/// <summary>A test on the shared data, whose folder the environment variable names; skipped, visibly, where it is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataFactAttribute : FactAttribute
{
    private const string Variable = "RESOURCEBORROWING_SHARED";

    public SharedDataFactAttribute()
    {
        if (!Directory.Exists(Folder)) Skip = $"{Variable} does not name the folder of the shared data.";
    }

    internal static string Folder => Environment.GetEnvironmentVariable(Variable) ?? "";
}
