namespace Drift.Kernels.Ilgpu;

/// <summary>The extents of one launch. Words hold four INT8 along k, low byte first.</summary>
/// <param name="Rows">M.</param>
/// <param name="PaddedRows">Rows of C with padding: what a family multiplies below them are check rows.</param>
/// <param name="Columns">N.</param>
/// <param name="Words">Words that hold a line's K values.</param>
/// <param name="Stride">Accumulators from one row to the next in C: N rounded up to whole register tiles.</param>
/// <param name="Tile">Edge of a checksum tile, or 0.</param>
/// <param name="TileStride">Row sums from one row to the next: checksum tiles from left to right, rounded up.</param>
/// <param name="BlockColumns">Fault blocks from left to right, or 0 when there is no flip.</param>
/// <param name="Blocks">Number of fault blocks.</param>
internal readonly record struct GemmExtents(
    int Rows, int PaddedRows, int Columns, int Words, int Stride, int Tile, int TileStride, int BlockColumns, int Blocks);
