using System.Buffers;
using System.Buffers.Binary;

namespace ResourceBorrowing.Forecasting;

/// <summary>Writes what a forecaster has learnt: numbers one after the other, little-endian, and a checksum at the end.</summary>
internal sealed class StateWriter(IBufferWriter<byte> writer)
{
    private ulong _check = StateCheck.Start;

    internal void Write(byte number) => Put([number]);

    internal void Write(ushort number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, number);
        Put(bytes);
    }

    internal void Write(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Put(bytes);
    }

    internal void Write(float number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, number);
        Put(bytes);
    }

    internal void Write(double number) => Write(BitConverter.DoubleToInt64Bits(number));

    internal void Write(ReadOnlySpan<float> numbers)
    {
        foreach (var number in numbers) Write(number);
    }

    internal void Write(ReadOnlySpan<double> numbers)
    {
        foreach (var number in numbers) Write(number);
    }

    internal void End() => Write((long)_check);

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _check = StateCheck.Add(_check, bytes);
        writer.Write(bytes);
    }
}

/// <summary>Reads what a <see cref="StateWriter"/> wrote; each number is checked against the range it must be in, and all against the checksum.</summary>
internal ref struct StateReader(ReadOnlySpan<byte> state)
{
    /// <summary>With larger ones nothing can be calculated.</summary>
    internal const double Most = 1e300;

    private readonly ReadOnlySpan<byte> _state = state;
    private int _read;

    internal static InvalidDataException Wrong(string what) => new($"The state of the forecaster was not loaded, and nothing was changed: {what}.");

    internal byte Byte() => Take(1)[0];

    internal ushort Short(ushort most) => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort))) is var number && number <= most ? number : throw OutOfRange(number, 0, most);

    internal long Long(long least, long most) =>
        BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long))) is var number && number >= least && number <= most ? number : throw OutOfRange(number, least, most);

    internal int Int(int least, int most) => (int)Long(least, most);

    internal float Single(float least, float most) =>
        BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float))) is var number && number >= least && number <= most ? number : throw OutOfRange(number, least, most);

    internal double Double(double least, double most = Most) =>
        BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double))) is var number && number >= least && number <= most ? number : throw OutOfRange(number, least, most);

    internal void Fill(Span<float> numbers, float least, float most)
    {
        foreach (ref var number in numbers) number = Single(least, most);
    }

    internal void Fill(Span<double> numbers, double least, double most = Most)
    {
        foreach (ref var number in numbers) number = Double(least, most);
    }

    internal void End()
    {
        var check = StateCheck.Add(StateCheck.Start, _state[.._read]);
        if ((ulong)Long(long.MinValue, long.MaxValue) != check) throw Wrong("its checksum does not match: it was changed");
        if (_read < _state.Length) throw Wrong($"it is {_state.Length} bytes long instead of {_read}");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_state.Length - _read < count) throw Wrong($"it was cut off: it ends after {_state.Length} bytes");
        _read += count;
        return _state.Slice(_read - count, count);
    }

    private readonly InvalidDataException OutOfRange(double number, double least, double most) =>
        Wrong(FormattableString.Invariant($"the number {number} before byte {_read} is out of its range of {least} to {most}"));
}

/// <summary>The checksum of a state: 64 bits after Fowler, Noll and Vo (FNV-1a), which any one changed byte changes.</summary>
internal static class StateCheck
{
    internal const ulong Start = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    internal static ulong Add(ulong check, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes) check = (check ^ value) * Prime;
        return check;
    }
}
