using System.IO.Compression;

namespace ResourceBorrowing.Simulator.Tests;

/// <summary>A folder of its own for a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("simulator-tests-");

    internal string Path => _folder.FullName;

    internal string File(string name) => System.IO.Path.Combine(Path, name);

    internal string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    internal string WriteZipped(string name, string text)
    {
        using var writer = new StreamWriter(new GZipStream(System.IO.File.Create(File(name)), CompressionLevel.Fastest));
        writer.Write(text);
        return File(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
