namespace ResourceBorrowing.Simulator.Traces;

/// <summary>Demand from one time on, until the next row.</summary>
/// <param name="Line">Where it stands in its file.</param>
/// <param name="Time">In seconds.</param>
/// <param name="Text">The same as it stands in the file.</param>
/// <param name="Demand">One value a column; the same array in every row, so copy what is kept.</param>
internal readonly record struct TraceRow(long Line, double Time, string Text, double[] Demand);
