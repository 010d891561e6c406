using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// A fault plan as one array of words: where each block's flips start, the total, then a word a flip with its place in the block and its bit.
/// </summary>
internal static class PackedPlan
{
    private const int Mask = FaultPlan.Block - 1;

    public static int Row(int flip) => flip >> 10 & Mask;

    public static int Column(int flip) => flip >> 5 & Mask;

    public static int Bit(int flip) => flip & Mask;

    /// <summary>Words that a plan takes.</summary>
    public static int Length(FaultPlan faults) => faults.Starts.Length + faults.Count;

    /// <summary>Packs a plan that is not empty.</summary>
    /// <param name="faults">The plan.</param>
    /// <param name="shape">The product that it is for.</param>
    /// <param name="words">Takes <see cref="Length"/> words.</param>
    /// <exception cref="ArgumentException">The plan is for another shape.</exception>
    public static void Write(FaultPlan faults, GemmShape shape, Span<int> words)
    {
        faults.RequireShape(shape.M, shape.N);
        faults.Starts.CopyTo(words);
        words = words[faults.Starts.Length..];
        var flips = faults.All;
        for (var i = 0; i < flips.Length; i++)
        {
            var (row, column, bit) = flips[i];
            words[i] = (row & Mask) << 10 | (column & Mask) << 5 | bit;
        }
    }

    /// <summary>Sends a plan; a word where there is none, since a kernel wants a view.</summary>
    public static ArrayView<int> Upload(FaultPlan faults, GemmShape shape, DeviceBuffer buffer)
    {
        if (faults.IsEmpty)
            return buffer.Take(1);
        var length = Length(faults);
        Write(faults, shape, buffer.Stage(length));
        return buffer.Upload(length);
    }
}
