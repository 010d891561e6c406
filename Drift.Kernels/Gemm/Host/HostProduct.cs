using System.Runtime.Intrinsics;

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
        var tileRows = call.Tile == 0 ? 0 : (m + call.Tile - 1) / call.Tile;
        var checkRows = (weights.HasMoments ? 4 : 2) * tileRows;
        output.Resize(call.Shape, weights.Stride, m + checkRows, call.Tile, weights.HasMoments);
        faults.RequireShape(m, n);

        var padded = (nint)weights.Groups * weights.Kernel.Depth;
        fixed (sbyte* activations = call.Activations)
        fixed (int* rowSums = output.Observed.Rows, columnSums = output.Observed.Columns)
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

            for (var t = 0; t < tileRows; t++)
            {
                var high = memory + 2 * t * padded;
                Digits.SumRows(rows + (nint)t * call.Tile * stride, stride, Math.Min(call.Tile, m - t * call.Tile), k, high, high + padded);
                if (!weights.HasMoments)
                    continue;
                high += 2 * tileRows * padded;
                Digits.SumWeightedRows(rows + (nint)t * call.Tile * stride, stride, Math.Min(call.Tile, m - t * call.Tile), LineMoments.Centre(call.Tile), k,
                    high, high + padded);
            }

            // Sums of a tile that ends inside a panel are taken afterwards instead, over the whole product.
            var width = weights.Kernel.Columns;
            var fused = call.Tile % width == 0;
            output.Observed.Rows.Clear();
            var job = new Job(weights, faults, rows, stride, m, n, memory, padded, checkRows, output.Pointer, output.Stride, fused ? call.Tile : 0, rowSums, columnSums);

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
                output.Observe();
        }

        if (call.Tile != 0)
            ReadExpected(output, weights, output.Expected, m, n);
        if (!weights.HasMoments)
            return;
        ReadExpected(output, weights, output.ExpectedMoments, m + 2 * tileRows, n + 2 * output.Expected.TileColumns);
        output.ObserveMoments();
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
                Multiply(job, job.A + row * job.AStride, job.AStride, row, rows, column);
                if (column < job.N)
                    Finish(job, row, rows, column);
            }
        }

        if (job.CheckRows == 0)
            return;
        for (var panel = first; panel < end; panel++)
            Multiply(job, job.Checks, job.CheckStride, job.M, job.CheckRows, panel * kernel.Columns);
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
    private static void Multiply(in Job job, sbyte* a, nint stride, int firstRow, int count, int column)
    {
        var kernel = job.Weights.Kernel;
        var width = job.Weights.PanelColumns(column);
        var tiles = (count + kernel.Rows - 1) / kernel.Rows;
        for (var block = 0; block < job.Weights.Groups; block += BlockGroups)
        {
            var groups = Math.Min(BlockGroups, job.Weights.Groups - block);
            var packed = job.Weights.Panel(column) + (nint)block * width;
            var source = a + (nint)block * kernel.Depth;
            for (var t = 0; t < tiles; t++)
            {
                int from = count * t / tiles, to = count * (t + 1) / tiles;
                var c = job.C + (nint)(firstRow + from) * job.CStride + column;
                var start = block == 0 ? job.Weights.Start + column : c;
                kernel.Run(source + from * stride, stride, packed, width, groups, start, block == 0 ? 0 : job.CStride, c, job.CStride, to - from);
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

    /// <summary>Puts digits together: those of the row sums stand in columns from one on, those of the column sums in rows from one on.</summary>
    private static void ReadExpected(GemmOutput output, HostWeights weights, LineSums sums, int firstRow, int firstColumn)
    {
        var (tileRows, tileColumns, n) = (sums.TileRows, sums.TileColumns, sums.N);
        var rows = sums.Rows;
        for (var i = 0; i < sums.M; i++)
        {
            var digits = output.Pointer + (nint)i * weights.Stride + firstColumn;
            for (var t = 0; t < tileColumns; t++)
                rows[i * tileColumns + t] = Digits.Base * digits[2 * t] + digits[2 * t + 1];
        }

        for (var t = 0; t < tileRows; t++)
        {
            var high = output.Pointer + (nint)(firstRow + 2 * t) * weights.Stride;
            var low = high + weights.Stride;
            var line = sums.Columns.Slice(t * n, n);
            var j = 0;
            for (; j <= n - Vector512<int>.Count; j += Vector512<int>.Count)
                (Digits.Base * Vector512.Load(high + j) + Vector512.Load(low + j)).CopyTo(line[j..]);
            for (; j < n; j++)
                line[j] = Digits.Base * high[j] + low[j];
        }
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
