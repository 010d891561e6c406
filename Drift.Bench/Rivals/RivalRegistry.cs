namespace Drift.Bench;

/// <summary>The registry: the one place that lists rivals.</summary>
internal static class RivalRegistry
{
    /// <summary>Rivals of the INT8 product.</summary>
    public static IReadOnlyList<IRival<sbyte, int>> Int8 { get; } = [new OnnxRuntimeInt8(signed: false), new OnnxRuntimeInt8(signed: true)];

    /// <summary>Rivals of the fp32 product.</summary>
    public static IReadOnlyList<IRival<float, float>> Float { get; } = [new OnnxRuntimeFloat(), new OpenBlasRival(), new TorchRival()];
}
