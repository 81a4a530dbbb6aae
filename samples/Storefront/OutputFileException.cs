namespace Storefront;

/// <summary>A file that was asked for cannot be written.</summary>
internal sealed class OutputFileException(string path, Exception inner) : Exception($"{path}: {inner.Message}", inner);
