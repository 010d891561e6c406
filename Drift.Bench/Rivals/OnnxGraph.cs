using System.Runtime.InteropServices;

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

    /// <summary>Signed INT64.</summary>
    Int64 = 7,
}

/// <summary>An ONNX model of a few operators, written as <see cref="ProtobufMessage"/>s: a library for it would be larger than the need. Field numbers are those of onnx.proto.</summary>
internal sealed class OnnxGraph
{
    // The first forms that hold every operator used here: what they mean has not changed since.
    private const int FormatVersion = 10, OperatorSet = 20, MicrosoftOperatorSet = 1;

    /// <summary>The set of operators beyond the standard that ONNX Runtime brings.</summary>
    public const string Microsoft = "com.microsoft";

    private readonly ProtobufMessage _nodes = new(), _constants = new(), _described = new();

    /// <summary>An input of the model.</summary>
    public OnnxGraph Input(string name, OnnxType type, params ReadOnlySpan<int> extents)
    {
        _described.Put(11, Described(name, type, extents));
        return this;
    }

    /// <summary>The output of the model.</summary>
    public OnnxGraph Output(string name, OnnxType type, params ReadOnlySpan<int> extents)
    {
        _described.Put(12, Described(name, type, extents));
        return this;
    }

    /// <summary>A constant, so that the runtime can pack it once. TensorProto: dims 1, data_type 2, name 8, raw_data 9.</summary>
    public OnnxGraph Constant<T>(string name, OnnxType type, ReadOnlySpan<T> values, params ReadOnlySpan<int> extents)
        where T : unmanaged
    {
        var tensor = new ProtobufMessage();
        foreach (var extent in extents)
            tensor.Number(1, extent);
        _constants.Put(5, tensor.Number(2, (int)type).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values)));
        return this;
    }

    /// <summary>An operator. NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7.</summary>
    /// <param name="operation">Its name; behind a domain and a colon where it is no standard one.</param>
    /// <param name="inputs">Names of what it takes.</param>
    /// <param name="output">Name of what it gives.</param>
    /// <param name="attributes">An int, a float, a text or ints each.</param>
    public OnnxGraph Node(string operation, string[] inputs, string output, params (string Name, object Value)[] attributes)
    {
        var node = new ProtobufMessage();
        foreach (var input in inputs)
            node.Text(1, input);
        var colon = operation.IndexOf(':', StringComparison.Ordinal);
        node.Text(2, output).Text(3, output).Text(4, operation[(colon + 1)..]);
        foreach (var (name, value) in attributes)
            node.Put(5, Attribute(name, value));
        if (colon > 0)
            node.Text(7, operation[..colon]);
        _nodes.Put(1, node);
        return this;
    }

    /// <summary>The model. ModelProto: ir_version 1, opset_import 8 { domain 1, version 2 }, graph 7 { node 1, name 2, initializer 5, input 11, output 12 }.</summary>
    public byte[] ToArray()
    {
        byte[] graph = [.. _nodes.ToArray(), .. new ProtobufMessage().Text(2, "graph").ToArray(), .. _constants.ToArray(), .. _described.ToArray()];
        return new ProtobufMessage().Number(1, FormatVersion)
            .Put(8, new ProtobufMessage().Text(1, "").Number(2, OperatorSet)).Put(8, new ProtobufMessage().Text(1, Microsoft).Number(2, MicrosoftOperatorSet))
            .Bytes(7, graph).ToArray();
    }

    /// <summary>AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20 (FLOAT 1, INT 2, STRING 3, INTS 7).</summary>
    private static ProtobufMessage Attribute(string name, object value)
    {
        var attribute = new ProtobufMessage().Text(1, name);
        switch (value)
        {
            case float number:
                return attribute.Single(2, number).Number(20, 1);
            case int number:
                return attribute.Number(3, number).Number(20, 2);
            case string text:
                return attribute.Text(4, text).Number(20, 3);
            case int[] numbers:
                foreach (var number in numbers)
                    attribute.Number(8, number);
                return attribute.Number(20, 7);
            default:
                throw new ArgumentException($"an attribute is an int, a float, a text or ints, not {value}", nameof(value));
        }
    }

    /// <summary>ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }.</summary>
    private static ProtobufMessage Described(string name, OnnxType type, ReadOnlySpan<int> extents)
    {
        var shape = new ProtobufMessage();
        foreach (var extent in extents)
            shape.Put(1, new ProtobufMessage().Number(1, extent));
        return new ProtobufMessage().Text(1, name).Put(2, new ProtobufMessage().Put(1, new ProtobufMessage().Number(1, (int)type).Put(2, shape)));
    }
}
