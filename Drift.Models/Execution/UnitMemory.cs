using Drift.Kernels;

namespace Drift.Models;

/// <summary>What a guarded unit needs beside its layers: the codes of an input with their scales, and a product's accumulators and sums. Lent from unit to unit.</summary>
internal sealed class UnitMemory : IDisposable
{
    /// <summary>Accumulators and line sums.</summary>
    public GemmOutput Output { get; } = new();

    /// <summary>Codes of an input's rows.</summary>
    public sbyte[] Codes { get; private set; } = [];

    /// <summary>Scales of the groups of rows.</summary>
    public float[] Scales { get; private set; } = [];

    /// <summary>Makes room; what stood there before is lost.</summary>
    /// <param name="codes">Codes to hold.</param>
    /// <param name="scales">Scales to hold.</param>
    public void MakeRoom(int codes, int scales)
    {
        if (Codes.Length < codes)
            Codes = GC.AllocateUninitializedArray<sbyte>(codes, pinned: true);
        if (Scales.Length < scales)
            Scales = new float[scales];
    }

    /// <inheritdoc/>
    public void Dispose() => Output.Dispose();
}
