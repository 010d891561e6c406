namespace Drift.Kernels;

/// <summary>
/// The loops around the micro-kernel, after BLIS: a block of A's rows stays in the second-level cache while the panels of weights pass by, and a panel's block
/// of K in the first while the rows do. As soon as a panel of C is whole, while it is still in the cache, its flips are applied and its lines are summed.
/// Check rows are further rows of the same loops.
/// </summary>
internal static unsafe class HostProduct
{
    // A block of K is 128 groups: a 32-column panel block of 16 KiB, half a first-level cache.
    private const int BlockGroups = 128;

    // A block of rows fills at most half of a 1 MiB second-level cache.
    private const int BlockBytes = 1 << 19;

    // Below this many multiply-accumulates a second thread costs more than it brings.
    private const long LeastMacsPerThread = 2_000_000;

    public static void Run(in GemmCall call, HostWeights weights, FaultPlan faults, HostScratch scratch, GemmOutput output, int threads)
    {
        var (m, n, k) = call.Shape;
        var tiles = weights.Tiles;
        var tile = tiles.AlwaysSummed;
        var sumRows = tile == 0 ? 0 : 2 * ((m + tile - 1) / tile);
        var checkRows = tiles.Moments ? 2 * sumRows : sumRows;
        output.Resize(call.Shape, weights.Stride, m + checkRows, tiles.Edge, tiles.Moments);
        faults.RequireShape(m, n);
        var (expected, observed) = tiles.IsHierarchical ? scratch.CoarseSums(m, n, tile) : (output.Expected, output.Observed);

        var padded = (nint)weights.Groups * weights.Kernel.Depth;
        fixed (sbyte* activations = call.Activations)
        fixed (int* rowSums = observed.Rows, columnSums = observed.Columns)
        {
            // Whole groups of K are read: rows that would end past the span are copied to where they may.
            var overrun = (long)(m - 1) * call.Stride + padded > call.Activations.Length;
            var memory = scratch.Take(checkRows * padded + (overrun ? m * padded : 0));
            var rows = activations;
            nint stride = call.Stride;
            if (overrun)
            {
                rows = memory + checkRows * padded;
                for (var i = 0; i < m; i++)
                    new ReadOnlySpan<sbyte>(activations + i * stride, k).CopyTo(new Span<sbyte>(rows + i * padded, k));
                stride = padded;
            }

            if (tile != 0)
                Digits.SumTiles(rows, stride, m, tile, null, k, memory, padded);
            if (tiles.Moments)
                Digits.SumTiles(rows, stride, m, tile, LineMoments.Centre(tile), k, memory + sumRows * padded, padded);

            // Sums of a tile that ends inside a panel are taken afterwards instead, over the whole product.
            var width = weights.Kernel.Columns;
            var fused = tile % width == 0;
            observed.Rows.Clear();
            var job = new Job(weights, faults, rows, stride, m, n, memory, padded, checkRows, output.Pointer, output.Stride, fused ? tile : 0, rowSums, columnSums);

            // A tile's row sums belong to one thread: panels are shared out by whole tiles.
            var unit = Math.Max(1, job.Tile / width);
            var panels = (weights.Stride + width - 1) / width;
            var units = (panels + unit - 1) / unit;
            var workers = (int)Math.Min(Math.Min(threads, units), Math.Max(1, call.Shape.Macs / LeastMacsPerThread));
            if (workers == 1)
                Panels(job, 0, panels);
            else
                Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers },
                    w => Panels(job, units * w / workers * unit, Math.Min(panels, units * (w + 1) / workers * unit)));
            if (!fused)
                LineSumKernel.Sum(output, observed);
            if (tile != 0)
                ReadExpected(output, expected, weights.Stride, m, n);
            if (tiles.Moments)
            {
                ReadExpected(output, output.ExpectedMoments, weights.Stride, m + sumRows, n + 2 * expected.TileColumns);
                output.ObserveMoments();
            }

            if (tiles.IsHierarchical)
                new CoarseExamination(weights, rows, stride, output, scratch).Run(expected, observed);
        }
    }

    private static void Panels(in Job job, int first, int end)
    {
        var kernel = job.Weights.Kernel;
        var blockRows = BlockRows(job);
        for (var row = 0; row < job.M; row += blockRows)
        {
            var rows = Math.Min(blockRows, job.M - row);
            for (var panel = first; panel < end; panel++)
            {
                var column = panel * kernel.Columns;
                Multiply(job.Weights, job.A + row * job.AStride, job.AStride, rows, column, job.C + row * job.CStride, job.CStride);
                if (column < job.N)
                    Finish(job, row, rows, column);
            }
        }

        if (job.CheckRows == 0)
            return;
        for (var panel = first; panel < end; panel++)
            Multiply(job.Weights, job.Checks, job.CheckStride, job.CheckRows, panel * kernel.Columns, job.C + job.M * job.CStride, job.CStride);
    }

    /// <summary>As many rows of A as half the second-level cache holds, in whole tiles and whole fault blocks.</summary>
    private static int BlockRows(in Job job)
    {
        var unit = Math.Max(job.Tile, 1);
        while (unit % FaultPlan.Block != 0)
            unit *= 2;
        return Math.Max(unit, (int)(BlockBytes / Math.Max(1, job.AStride)) / unit * unit);
    }

    /// <summary>Some rows times one panel, over all of K; in register tiles of nearly the same height, so that none is left with a sliver.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="a">First row; whole groups of K are read.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="column">Where the panel starts.</param>
    /// <param name="c">First row of the whole product, from column 0.</param>
    /// <param name="cStride">Values between rows of the product.</param>
    public static void Multiply(HostWeights weights, sbyte* a, nint stride, int count, int column, int* c, nint cStride)
    {
        var kernel = weights.Kernel;
        var width = weights.PanelColumns(column);
        var tiles = (count + kernel.Rows - 1) / kernel.Rows;
        for (var block = 0; block < weights.Groups; block += BlockGroups)
        {
            var groups = Math.Min(BlockGroups, weights.Groups - block);
            var packed = weights.Panel(column) + (nint)block * width;
            var source = a + (nint)block * kernel.Depth;
            for (var t = 0; t < tiles; t++)
            {
                int from = count * t / tiles, to = count * (t + 1) / tiles;
                var target = c + from * cStride + column;
                var start = block == 0 ? weights.Start + column : target;
                kernel.Run(source + from * stride, stride, packed, width, groups, start, block == 0 ? 0 : cStride, target, cStride, to - from);
            }
        }
    }

    /// <summary>What becomes of a panel of C that is whole: its flips, then its line sums.</summary>
    private static void Finish(in Job job, int row, int rows, int column)
    {
        var width = Math.Min(job.Weights.PanelColumns(column), job.N - column);
        if (!job.Faults.IsEmpty)
        {
            for (var block = row / FaultPlan.Block; block * FaultPlan.Block < row + rows; block++)
            {
                foreach (var flip in job.Faults.In(block, column / FaultPlan.Block))
                {
                    // A panel may be narrower than a block of the plan.
                    if (flip.Column >= column && flip.Column < column + width)
                        job.C[(nint)flip.Row * job.CStride + flip.Column] ^= flip.Mask;
                }
            }
        }

        if (job.Tile == 0)
            return;
        var tileColumns = (job.N + job.Tile - 1) / job.Tile;
        for (var tileRow = row / job.Tile; tileRow * job.Tile < row + rows; tileRow++)
        {
            var first = tileRow * job.Tile;
            LineSumKernel.Sum(job.C + (nint)first * job.CStride + column, job.CStride, Math.Min(job.Tile, job.M - first), width,
                job.RowSums + (nint)first * tileColumns + column / job.Tile, tileColumns, job.ColumnSums + (nint)tileRow * job.N + column);
        }
    }

    /// <summary>Puts digits together: those of the row sums stand in columns beside the product, those of the column sums in rows below it.</summary>
    private static void ReadExpected(GemmOutput output, LineSums sums, int stride, int firstRow, int firstColumn)
    {
        var tileColumns = sums.TileColumns;
        var rows = sums.Rows;
        for (var i = 0; i < sums.M; i++)
        {
            var digits = output.Pointer + (nint)i * stride + firstColumn;
            for (var t = 0; t < tileColumns; t++)
                rows[i * tileColumns + t] = Digits.Base * digits[2 * t] + digits[2 * t + 1];
        }

        for (var t = 0; t < sums.TileRows; t++)
            Digits.Join(output.Pointer + (nint)(firstRow + 2 * t) * stride, stride, sums.Columns.Slice(t * sums.N, sums.N));
    }

    private readonly struct Job(HostWeights weights, FaultPlan faults, sbyte* a, nint aStride, int m, int n, sbyte* checks, nint checkStride, int checkRows,
        int* c, nint cStride, int tile, int* rowSums, int* columnSums)
    {
        public readonly HostWeights Weights = weights;
        public readonly FaultPlan Faults = faults;
        public readonly sbyte* A = a;
        public readonly nint AStride = aStride;
        public readonly int M = m;
        public readonly int N = n;
        public readonly sbyte* Checks = checks;
        public readonly nint CheckStride = checkStride;
        public readonly int CheckRows = checkRows;
        public readonly int* C = c;
        public readonly nint CStride = cStride;

        /// <summary>Edge of the tiles whose sums are taken panel by panel; 0 for none.</summary>
        public readonly int Tile = tile;

        public readonly int* RowSums = rowSums;
        public readonly int* ColumnSums = columnSums;
    }
}
