namespace Drift.Kernels.Ilgpu;

/// <summary>What tensor cores multiply. A constant that the compiler folds: an element is a kernel of its own. Either kind fills 32 bytes of a line for one instruction.</summary>
internal interface IMatrixElement
{
    /// <inheritdoc cref="TensorCores.MultiplyAdd"/>
    static abstract Lanes4 MultiplyAdd(Lanes4 c, Lanes4 a, int low, int high);

    /// <inheritdoc cref="WarpGroups.MultiplyWide"/>
    static abstract RegisterTile MultiplyWide(RegisterTile sum, long a, long w);
}

/// <summary>INT8 into INT32.</summary>
internal readonly struct Int8Element : IMatrixElement
{
    /// <inheritdoc/>
    public static Lanes4 MultiplyAdd(Lanes4 c, Lanes4 a, int low, int high) => TensorCores.MultiplyAdd(c, a, low, high);

    /// <inheritdoc/>
    public static RegisterTile MultiplyWide(RegisterTile sum, long a, long w) => WarpGroups.MultiplyWide(sum, a, w);
}

/// <summary>fp16 into fp32, whose bits the accumulators are.</summary>
internal readonly struct HalfElement : IMatrixElement
{
    /// <inheritdoc/>
    public static Lanes4 MultiplyAdd(Lanes4 c, Lanes4 a, int low, int high) => TensorCores.MultiplyAddHalf(c, a, low, high);

    /// <inheritdoc/>
    public static RegisterTile MultiplyWide(RegisterTile sum, long a, long w) => WarpGroups.MultiplyWideHalf(sum, a, w);
}
