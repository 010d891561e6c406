using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Drift.Bench;

/// <summary>The element types of ONNX that are used here, by their numbers in onnx.proto (TensorProto.DataType).</summary>
internal enum OnnxType
{
    /// <summary>fp32.</summary>
    Float = 1,

    /// <summary>Unsigned INT8.</summary>
    UInt8 = 2,

    /// <summary>Signed INT8.</summary>
    Int8 = 3,

    /// <summary>Signed INT32.</summary>
    Int32 = 6,
}

/// <summary>
/// An ONNX model of one product, Y [M, N] = A [M, K] x B [K, N] with B inside the model, written byte by byte: a library for it would be larger than the need.
/// The format is Protocol Buffers: a message is a list of fields, each a key (field number x 8 + wire type) and a value; wire type 0 is a number, 7 bits a byte,
/// low bits first; wire type 2 is a length and that many bytes: text, raw data or a message. Field numbers are those of onnx.proto.
/// </summary>
internal static class OnnxModel
{
    // The oldest forms that hold every operator used here: what they mean has not changed since.
    private const int FormatVersion = 7, OperatorSet = 13;

    /// <summary>Name of the input A.</summary>
    public const string Input = "A";

    /// <summary>Name of the output Y.</summary>
    public const string Output = "Y";

    /// <summary>A model of one product.</summary>
    /// <param name="operation">MatMul or MatMulInteger.</param>
    /// <param name="a">Type of A.</param>
    /// <param name="b">Type of B.</param>
    /// <param name="y">Type of Y.</param>
    /// <param name="shape">M, N and K.</param>
    /// <param name="weights">B [K, N], row-major.</param>
    /// <param name="zeroPoint">MatMulInteger: what stands for zero in an unsigned A. Null for none.</param>
    public static byte[] Product<T>(string operation, OnnxType a, OnnxType b, OnnxType y, Kernels.GemmShape shape, T[] weights, byte? zeroPoint)
        where T : unmanaged
    {
        var node = new Message().Text(1, Input).Text(1, "B");
        var graph = new Message();
        if (zeroPoint is not null)
            node.Text(1, "Z");
        graph.Put(1, node.Text(2, Output).Text(3, "product").Text(4, operation));
        graph.Text(2, "graph");
        // Constant initialisers, so that the runtime packs them once.
        graph.Put(5, Constant("B", b, MemoryMarshal.AsBytes<T>(weights), shape.K, shape.N));
        if (zeroPoint is { } zero)
            graph.Put(5, Constant("Z", a, [zero]));
        graph.Put(11, Described(Input, a, shape.M, shape.K)).Put(12, Described(Output, y, shape.M, shape.N));
        return new Message().Number(1, FormatVersion).Put(8, new Message().Text(1, "").Number(2, OperatorSet)).Put(7, graph).ToArray();
    }

    /// <summary>TensorProto: dims 1, data_type 2, name 8, raw_data 9.</summary>
    private static Message Constant(string name, OnnxType type, ReadOnlySpan<byte> data, params ReadOnlySpan<int> extents)
    {
        var tensor = new Message();
        foreach (var extent in extents)
            tensor.Number(1, extent);
        return tensor.Number(2, (int)type).Text(8, name).Bytes(9, data);
    }

    /// <summary>ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }.</summary>
    private static Message Described(string name, OnnxType type, params ReadOnlySpan<int> extents)
    {
        var shape = new Message();
        foreach (var extent in extents)
            shape.Put(1, new Message().Number(1, extent));
        return new Message().Text(1, name).Put(2, new Message().Put(1, new Message().Number(1, (int)type).Put(2, shape)));
    }

    private sealed class Message
    {
        private const int NumberWire = 0, LengthWire = 2;
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Message Number(int field, int value)
        {
            Varint(field << 3 | NumberWire);
            Varint(value);
            return this;
        }

        public Message Bytes(int field, ReadOnlySpan<byte> value)
        {
            Varint(field << 3 | LengthWire);
            Varint(value.Length);
            _bytes.Write(value);
            return this;
        }

        public Message Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public Message Put(int field, Message value) => Bytes(field, value._bytes.WrittenSpan);

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Varint(int value)
        {
            var rest = (uint)value;
            for (; rest >= 0x80; rest >>= 7)
                _bytes.Write([(byte)(rest | 0x80)]);
            _bytes.Write([(byte)rest]);
        }
    }
}
