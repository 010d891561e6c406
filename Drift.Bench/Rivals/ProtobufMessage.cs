using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Drift.Bench;

/// <summary>
/// A message of Protocol Buffers, written byte by byte: a list of fields, each a key (field number x 8 + wire type) and a value; wire type 0 is a number, 7 bits a byte, low bits
/// first; wire type 2 is a length and that many bytes: text, raw data or a message; wire type 5 is 4 bytes.
/// </summary>
internal sealed class ProtobufMessage
{
    private const int NumberWire = 0, LengthWire = 2, FourByteWire = 5;
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>A number that is not negative.</summary>
    public ProtobufMessage Number(int field, int value)
    {
        Varint(field << 3 | NumberWire);
        Varint(value);
        return this;
    }

    /// <summary>An fp32 value.</summary>
    public ProtobufMessage Single(int field, float value)
    {
        Varint(field << 3 | FourByteWire);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Raw bytes.</summary>
    public ProtobufMessage Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(field << 3 | LengthWire);
        Varint(value.Length);
        _bytes.Write(value);
        return this;
    }

    /// <summary>Text.</summary>
    public ProtobufMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Another message.</summary>
    public ProtobufMessage Put(int field, ProtobufMessage value) => Bytes(field, value._bytes.WrittenSpan);

    /// <summary>All fields.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Varint(int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
            _bytes.Write([(byte)(rest | 0x80)]);
        _bytes.Write([(byte)rest]);
    }
}
