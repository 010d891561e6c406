using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>
/// The loops around the micro-kernel, after BLIS: a panel of weights and a block of K stay in the first-level cache while the rows of A pass by. Check rows
/// are further rows of the same loops.
/// </summary>
internal static unsafe class HostProduct
{
    // A block of K is 128 groups: a 32-column panel block of 16 KiB, half a first-level cache.
    private const int BlockGroups = 128;

    // Below this many multiply-accumulates a second thread costs more than it brings.
    private const long LeastMacsPerThread = 2_000_000;

    public static void Run(in GemmCall call, HostWeights weights, HostScratch scratch, GemmOutput output, int threads)
    {
        var (m, n, k) = call.Shape;
        var tileRows = call.Tile == 0 ? 0 : (m + call.Tile - 1) / call.Tile;
        var checkRows = 2 * tileRows;
        output.Resize(call.Shape, weights.Stride, m + checkRows, call.Tile);

        var padded = (nint)weights.Groups * weights.Kernel.Depth;
        fixed (sbyte* activations = call.Activations)
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
            }

            var job = new Job(weights, rows, stride, m, memory, padded, checkRows, output.Pointer, output.Stride);
            var panels = (weights.Stride + weights.Kernel.Columns - 1) / weights.Kernel.Columns;
            var workers = (int)Math.Min(Math.Min(threads, panels), Math.Max(1, call.Shape.Macs / LeastMacsPerThread));
            if (workers == 1)
                Panels(job, 0, panels);
            else
                Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, w => Panels(job, panels * w / workers, panels * (w + 1) / workers));
        }

        if (call.Tile != 0)
            ReadExpected(output, weights, m, n);
    }

    private static void Panels(in Job job, int first, int end)
    {
        var kernel = job.Weights.Kernel;
        for (var block = 0; block < job.Weights.Groups; block += BlockGroups)
        {
            var groups = Math.Min(BlockGroups, job.Weights.Groups - block);
            var offset = (nint)block * kernel.Depth;
            for (var panel = first; panel < end; panel++)
            {
                var column = panel * kernel.Columns;
                var width = job.Weights.PanelColumns(column);
                var packed = job.Weights.Panel(column) + (nint)block * width;
                Rows(job, kernel, job.A + offset, job.AStride, 0, job.M, packed, width, groups, column, block != 0);
                Rows(job, kernel, job.Checks + offset, job.CheckStride, job.M, job.CheckRows, packed, width, groups, column, block != 0);
            }
        }
    }

    /// <summary>Rows in register tiles of nearly the same height, so that none is left with a sliver.</summary>
    private static void Rows(in Job job, Int8Kernel kernel, sbyte* a, nint stride, int firstRow, int count, int* packed, int width, int groups, int column, bool accumulate)
    {
        var tiles = (count + kernel.Rows - 1) / kernel.Rows;
        for (var t = 0; t < tiles; t++)
        {
            int from = count * t / tiles, to = count * (t + 1) / tiles;
            var c = job.C + (nint)(firstRow + from) * job.CStride + column;
            var start = accumulate ? c : job.Weights.Start + column;
            kernel.Run(a + from * stride, stride, packed, width, groups, start, accumulate ? job.CStride : 0, c, job.CStride, to - from);
        }
    }

    private static void ReadExpected(GemmOutput output, HostWeights weights, int m, int n)
    {
        var sums = output.Expected;
        var (tileRows, tileColumns) = (sums.TileRows, sums.TileColumns);
        var rows = sums.Rows;
        for (var i = 0; i < m; i++)
        {
            var digits = output.Pointer + (nint)i * weights.Stride + n;
            for (var t = 0; t < tileColumns; t++)
                rows[i * tileColumns + t] = Digits.Base * digits[2 * t] + digits[2 * t + 1];
        }

        for (var t = 0; t < tileRows; t++)
        {
            var high = output.Pointer + (nint)(m + 2 * t) * weights.Stride;
            var low = high + weights.Stride;
            var line = sums.Columns.Slice(t * n, n);
            var j = 0;
            for (; j <= n - Vector512<int>.Count; j += Vector512<int>.Count)
                (Digits.Base * Vector512.Load(high + j) + Vector512.Load(low + j)).CopyTo(line[j..]);
            for (; j < n; j++)
                line[j] = Digits.Base * high[j] + low[j];
        }
    }

    private readonly struct Job(HostWeights weights, sbyte* a, nint aStride, int m, sbyte* checks, nint checkStride, int checkRows, int* c, nint cStride)
    {
        public readonly HostWeights Weights = weights;
        public readonly sbyte* A = a;
        public readonly nint AStride = aStride;
        public readonly int M = m;
        public readonly sbyte* Checks = checks;
        public readonly nint CheckStride = checkStride;
        public readonly int CheckRows = checkRows;
        public readonly int* C = c;
        public readonly nint CStride = cStride;
    }
}
