using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>What a group of a product on tensor cores takes.</summary>
/// <param name="Kind">A block of the product, or of the expected sums of rows or of columns.</param>
/// <param name="Row">Its first row; of sums of columns, its first line of W.</param>
/// <param name="Column">Its first column; of sums, its first digit line (<see cref="DigitLines"/>).</param>
internal readonly record struct MatrixBlock(int Kind, int Row, int Column)
{
    /// <summary>A block of C.</summary>
    public const int OfProduct = 0;

    /// <summary>A, multiplied with the summed lines of W.</summary>
    public const int OfRows = 1;

    /// <summary>W, multiplied with the summed lines of A.</summary>
    public const int OfColumns = 2;

    // Blocks of rows that share what the caches hold of W.
    private const int Band = 8;

    /// <summary>The product's own blocks, in bands so that neighbours share operands; then those of the expected row sums; then those of the expected column sums.</summary>
    /// <param name="group">The group.</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="lineBlocks">Blocks of columns that the digit lines of W take; 0 where the product's own blocks have them.</param>
    /// <param name="e">Extents.</param>
    public static MatrixBlock Of(int group, int rows, int lineBlocks, GemmExtents e)
    {
        int down = IlgpuWeights.TilesIn(e.Rows, rows), across = e.Stride / MatrixBlocks.Columns;
        int further = group - down * across, ofRows = down * lineBlocks;
        if (further < 0)
        {
            var band = group / (Band * across);
            var height = IntrinsicMath.Min(down - band * Band, Band);
            var within = group - band * Band * across;
            if (height == Band)
                return new(OfProduct, (band * Band + (within & Band - 1)) * rows, within / Band * MatrixBlocks.Columns);
            return new(OfProduct, (band * Band + within % height) * rows, within / height * MatrixBlocks.Columns);
        }

        if (further < ofRows)
            return new(OfRows, further % down * rows, further / down * MatrixBlocks.LineColumns);
        return OfColumnLines(further - ofRows, rows, MatrixBlocks.LineColumns, e);
    }

    /// <summary>A block of the expected column sums.</summary>
    /// <param name="group">The group, of those that have such.</param>
    /// <param name="lines">Lines of W of a block.</param>
    /// <param name="digits">Its digit lines.</param>
    /// <param name="e">Extents.</param>
    public static MatrixBlock OfColumnLines(int group, int lines, int digits, GemmExtents e)
    {
        var tall = IlgpuWeights.TilesIn(e.Stride, lines);
        return new(OfColumns, group % tall * lines, group / tall * digits);
    }
}
