using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace ResourceBorrowing.Stability;

/// <summary>One of Linux's files of pressure stall information, kept open and read again and again.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PressureFile : IDisposable
{
    internal const string CpuPath = "/proc/pressure/cpu";

    private readonly SafeFileHandle _file;
    private readonly byte[] _text = new byte[256];

    private PressureFile(SafeFileHandle file) => _file = file;

    /// <summary>The file; null where there is none, or none that can be read.</summary>
    internal static PressureFile? TryOpen(string path)
    {
        if (!File.Exists(path)) return null;
        PressureFile? opened = null;
        try
        {
            opened = new PressureFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            // A kernel that was told not to measure has the file and refuses to read it.
            if (opened.Read() is not null) return opened;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // There is no such signal here, and that is all there is to say.
        }

        opened?.Dispose();
        return null;
    }

    /// <summary>Percent of about the last ten seconds in which some task waited; null when the file does not say.</summary>
    internal double? Read()
    {
        try
        {
            var length = RandomAccess.Read(_file, _text, fileOffset: 0);
            return Parse(_text.AsSpan(0, length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>The ten-second figure of the line of some: <c>some avg10=1.53 avg60=0.87 avg300=0.62 total=6789</c>.</summary>
    internal static double? Parse(ReadOnlySpan<byte> text)
    {
        var start = "some avg10="u8;
        if (!text.StartsWith(start)) return null;
        return Utf8Parser.TryParse(text[start.Length..], out double percent, out _) && percent is >= 0 and <= 100 ? percent : null;
    }

    public void Dispose() => _file.Dispose();
}
