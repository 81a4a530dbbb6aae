using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ResourceBorrowing.State;

/// <summary>
/// How saved state is written: one line with name, version and checksum, then JSON of one line. A file that is cut off, changed, of another program or of a
/// later version is told apart from a good one before any of it is used.
/// </summary>
internal static class StateFormat
{
    internal const int Version = 1;
    private const string Magic = "ResourceBorrowing-state";
    private const int MostHeader = 128;

    // A thousand participants that all deal with each other take about 30 MB.
    private const int MostBytes = 256 << 20;

    internal static byte[] Write(SavedState state)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(state, SavedStateContext.Default.SavedState);
        var header = Encoding.ASCII.GetBytes($"{Magic} {Version} {CheckOf(body)}\n");
        return [.. header, .. body, (byte)'\n'];
    }

    /// <exception cref="InvalidDataException">It is no such state; the message says what is wrong.</exception>
    internal static SavedState Read(Stream stream)
    {
        var bytes = ReadAll(stream);
        var end = bytes.AsSpan(0, Math.Min(bytes.Length, MostHeader)).IndexOf((byte)'\n');
        var header = end < 0 ? [] : Encoding.ASCII.GetString(bytes, 0, end).Split(' ');
        if (header.Length != 3 || header[0] != Magic) throw Wrong($"it does not begin with a line '{Magic} <version> <checksum>', so it is no saved state of a resource pool");
        if (!int.TryParse(header[1], out var version) || version < 1) throw Wrong($"its version '{header[1]}' is none");
        if (version > Version) throw Wrong($"it was written by a later version of the library (format {version}; this one reads up to {Version})");

        var body = bytes.AsSpan(end + 1);
        if (body.Length > 0 && body[^1] == '\n') body = body[..^1];
        if (CheckOf(body) != header[2]) throw Wrong("its checksum does not match: it was cut off or changed");
        try
        {
            return JsonSerializer.Deserialize(body, SavedStateContext.Default.SavedState) ?? throw Wrong("it is empty");
        }
        catch (JsonException exception)
        {
            throw Wrong($"its content is not as it must be ({exception.Message})");
        }
    }

    internal static InvalidDataException Wrong(string what) => new($"The saved state was not loaded, and nothing was changed: {what}.");

    private static string CheckOf(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    private static byte[] ReadAll(Stream stream)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            all.Write(buffer, 0, read);
            if (all.Length > MostBytes) throw Wrong($"it is longer than {MostBytes >> 20} MiB");
        }

        return all.ToArray();
    }
}
