namespace ResourceBorrowing.Simulator.Reporting;

/// <summary>A result cannot be written: the message names file and reason.</summary>
internal sealed class OutputException(string path, Exception cause) : Exception($"{path}: {cause.Message}", cause)
{
    /// <summary>Does it, and says which file was meant if it fails.</summary>
    internal static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OutputException(path, exception);
        }
    }
}
