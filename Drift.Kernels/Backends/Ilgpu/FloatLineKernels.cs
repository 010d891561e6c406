using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of one launch of an fp32 product.</summary>
/// <param name="Rows">M.</param>
/// <param name="Columns">N.</param>
/// <param name="Depth">K, padded.</param>
/// <param name="Stride">Values from one row of C to the next: N rounded up.</param>
/// <param name="RowGroup">Rows of A that are interleaved.</param>
/// <param name="ColumnGroup">Columns of W that are interleaved.</param>
/// <param name="Tile">Edge of a checksum tile, or 0.</param>
/// <param name="BlockColumns">Fault blocks from left to right, or 0 when there is no flip.</param>
/// <param name="Blocks">Number of fault blocks.</param>
internal readonly record struct FloatExtents(int Rows, int Columns, int Depth, int Stride, int RowGroup, int ColumnGroup, int Tile, int BlockColumns, int Blocks);

/// <summary>What fp32 products on a device need besides the product: operands interleaved, their lines summed, and the parts of observed sums added up. All in a fixed order.</summary>
internal static class FloatLineKernels
{
    /// <summary>Interleaves lines, [group, k, line], those past the last one zero.</summary>
    /// <param name="index">X counts k, Y lines, padded ones too.</param>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="group">Lines of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding, which is zero.</param>
    public static void Interleave(Index2D index, ArrayView<float> source, ArrayView<float> target, int lines, int group, int k, int depth) =>
        target[Place(index.Y, index.X, group, depth)] = index.Y < lines && index.X < k ? source[index.Y * k + index.X] : 0;

    /// <summary>Sums the lines of each tile, first to last, and interleaves the sums.</summary>
    /// <param name="index">X counts k, Y tiles, padded ones too: their sums are zero.</param>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes the sums.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="group">Sums of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding, which is zero.</param>
    /// <param name="tile">Edge of a checksum tile.</param>
    public static void Encode(Index2D index, ArrayView<float> source, ArrayView<float> target, int lines, int group, int k, int depth, int tile)
    {
        var sum = 0f;
        var end = index.X < k ? IntrinsicMath.Min((index.Y + 1) * tile, lines) : 0;
        for (var line = index.Y * tile; line < end; line++)
            sum += source[line * k + index.X];
        target[Place(index.Y, index.X, group, depth)] = sum;
    }

    /// <summary>Adds up the parts of each line within a tile, first to last.</summary>
    /// <param name="index">X counts lines, Y tiles.</param>
    /// <param name="parts">The parts.</param>
    /// <param name="sums">Takes a sum a line and tile.</param>
    /// <param name="lineStep">Parts from one line to the next.</param>
    /// <param name="partStep">Parts of a line from one to the next.</param>
    /// <param name="count">Parts of a line.</param>
    /// <param name="partsOfTile">Parts of a line within a tile.</param>
    /// <param name="sumLineStep">Sums from one line to the next.</param>
    /// <param name="sumTileStep">Sums from one tile to the next.</param>
    public static void Gather(
        Index2D index, ArrayView<float> parts, ArrayView<float> sums, int lineStep, int partStep, int count, int partsOfTile, int sumLineStep, int sumTileStep)
    {
        var sum = 0f;
        var end = IntrinsicMath.Min((index.Y + 1) * partsOfTile, count);
        for (var part = index.Y * partsOfTile; part < end; part++)
            sum += parts[index.X * lineStep + part * partStep];
        sums[index.X * sumLineStep + index.Y * sumTileStep] = sum;
    }

    /// <summary>Where a value of interleaved lines stands.</summary>
    public static int Place(int line, int k, int group, int depth) => (line / group * depth + k) * group + line % group;
}
