namespace ResourceBorrowing.Simulator.Traces;

/// <summary>A trace that cannot be read: the message names file, line and reason.</summary>
internal sealed class TraceFormatException(string message) : Exception(message);
