namespace Drift.Bench;

/// <summary>An ONNX model of one product, Y [M, N] = A [M, K] x B [K, N] with B inside the model.</summary>
internal static class OnnxModel
{
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
        var graph = new OnnxGraph().Node(operation, zeroPoint is null ? [Input, "B"] : [Input, "B", "Z"], Output).Constant<T>("B", b, weights, shape.K, shape.N);
        if (zeroPoint is { } zero)
            graph.Constant<byte>("Z", a, [zero]);
        return graph.Input(Input, a, shape.M, shape.K).Output(Output, y, shape.M, shape.N).ToArray();
    }
}
