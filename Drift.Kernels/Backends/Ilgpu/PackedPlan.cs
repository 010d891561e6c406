using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Accumulators in a thread's registers.</summary>
internal interface IAccumulators<TSelf>
    where TSelf : struct
{
    /// <summary>Rows of them.</summary>
    static abstract int Rows { get; }

    /// <summary>Neighbouring columns of them.</summary>
    static abstract int Columns { get; }

    /// <summary>Inverts the mask's bits in one of them.</summary>
    static abstract TSelf Toggle(TSelf x, int row, int lane, int mask);
}

/// <summary>
/// A fault plan as one array of words: where each block's flips start, the total, then a word a flip with its place in the block and its bit.
/// </summary>
internal static class PackedPlan
{
    private const int Mask = FaultPlan.Block - 1;

    public static int Row(int flip) => flip >> 10 & Mask;

    public static int Column(int flip) => flip >> 5 & Mask;

    public static int Bit(int flip) => flip & Mask;

    /// <summary>Applies those flips of a fault block that fall into a thread's accumulators.</summary>
    /// <param name="sum">They, all of one block.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="row">Their first row.</param>
    /// <param name="column">Their first column.</param>
    /// <param name="lane">The lane of that column.</param>
    /// <param name="across">Blocks side by side.</param>
    /// <param name="blocks">Blocks of the plan.</param>
    public static T Flip<T>(T sum, ArrayView<int> plan, int row, int column, int lane, int across, int blocks)
        where T : struct, IAccumulators<T>
    {
        var block = row / FaultPlan.Block * across + column / FaultPlan.Block;
        int firstRow = row % FaultPlan.Block, firstColumn = column % FaultPlan.Block;
        var end = plan[block + 1];
        for (var f = plan[block]; f < end; f++)
        {
            var flip = plan[blocks + 1 + f];
            var r = Row(flip) - firstRow;
            var s = Column(flip) - firstColumn;
            if (r >= 0 && r < T.Rows && s >= 0 && s < T.Columns)
                sum = T.Toggle(sum, r, lane + s, 1 << Bit(flip));
        }

        return sum;
    }

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
