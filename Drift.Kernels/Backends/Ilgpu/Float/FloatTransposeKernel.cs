using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// <see cref="FloatLineKernels.Interleave"/> for GPUs: squares of 32 lines by 32 k go through shared memory, so that neighbouring threads read neighbouring k of a line and write neighbouring lines of a k.
/// One item a value would write each to a sector of memory of its own, eight times as many as the values fill.
/// </summary>
internal static class FloatTransposeKernel
{
    /// <summary>Edge of a square: groups are multiples of it.</summary>
    public const int Edge = 32;

    /// <summary>Threads of a group.</summary>
    public const int Threads = Edge * Apart;

    // Rows of a square that the threads take at once; a row is a word longer than its values, so that a column stands in all banks.
    private const int Apart = 8, Stride = Edge + 1;

    /// <summary>Lines that a group of threads sums, and its threads: as many as <see cref="Run"/> has for as many squares.</summary>
    public const int Summed = 4 * Edge, SummingThreads = 4 * Threads;

    /// <summary>One thread; groups along x count squares of lines, along y, which ends at 65,535, of k.</summary>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them, those past the last one zero.</param>
    /// <param name="lines">Lines that there are.</param>
    /// <param name="group">Lines of a group.</param>
    /// <param name="k">K.</param>
    /// <param name="depth">K with padding, which is zero.</param>
    public static void Run(ArrayView<float> source, ArrayView<float> target, int lines, int group, int k, int depth)
    {
        var shared = SharedMemory.Allocate<float>(Edge * Stride);
        int x = Group.IdxX % Edge, y = Group.IdxX / Edge, firstK = Grid.IdxY * Edge, firstLine = Grid.IdxX * Edge;
        for (var i = y; i < Edge; i += Apart)
            shared[i * Stride + x] = firstLine + i < lines && firstK + x < k ? source[(firstLine + i) * k + firstK + x] : 0;
        Group.Barrier();
        for (var i = y; i < Edge; i += Apart)
        {
            if (firstK + i < depth)
                target[FloatLineKernels.Place(firstLine + x, firstK + i, group, depth)] = shared[x * Stride + i];
        }
    }

    /// <summary>Whether <see cref="RunAndSum"/> can do a product's lines: its groups hold whole tiles, and lines come in groups of whole squares.</summary>
    /// <param name="group">Lines of a group.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public static bool Sums(int group, int tile) => group % Edge == 0 && tile is 32 or 64 or Summed;

    /// <summary>
    /// <see cref="Run"/> with <see cref="FloatLineKernels.Encode"/> in the same pass: four squares below each other, all of their loads under way at once, whose lines are summed in shared memory, a
    /// chain a tile and k. The same sums in the same order.
    /// </summary>
    /// <param name="source">Lines [lines, K].</param>
    /// <param name="target">Takes them, those past the last one zero.</param>
    /// <param name="sums">Takes the sums.</param>
    /// <param name="cleared">Is set to zero.</param>
    /// <param name="s">Extents.</param>
    public static void RunAndSum(ArrayView<float> source, ArrayView<float> target, ArrayView<float> sums, ArrayView<float> cleared, SummedExtents s)
    {
        var shared = SharedMemory.Allocate<float>(Summed * Stride);
        int x = Group.IdxX % Edge, y = Group.IdxX / Edge, firstK = Grid.IdxY * Edge, firstLine = Grid.IdxX * Summed;
        // Always from a line and a k that there are: what is decided by a branch would wait for its turn.
        int k = firstK + x, from = IntrinsicMath.Min(k, s.K - 1), line = firstLine + y, to = y * Stride + x;
        var values = Load(source, line, from, s);
        Store(shared, to, values, line, k, s);
        for (var at = (Grid.IdxY * Grid.DimX + Grid.IdxX) * SummingThreads + Group.IdxX; at < cleared.IntLength; at += Grid.DimX * Grid.DimY * SummingThreads)
            cleared[at] = 0;
        Group.Barrier();

        // A warp a tile sums, the others lay out meanwhile.
        var summing = Summed / s.Tile;
        if (y < summing)
        {
            var tile = firstLine / s.Tile + y;
            if (tile >= s.SumLines || k >= s.Depth)
                return;
            var sum = 0f;
            for (var i = y * s.Tile; i < (y + 1) * s.Tile; i += 16)
                sum = FloatLineKernels.Follow16(sum, shared, i * Stride + x, Stride);
            sums[FloatLineKernels.Place(tile, k, s.SumGroup, s.Depth)] = sum;
            return;
        }

        for (var i = y - summing; i < Summed; i += Edge - summing)
        {
            int square = i / Edge * Edge, within = firstK + i % Edge;
            if (within < s.Depth && firstLine + square + x < s.Padded)
                target[FloatLineKernels.Place(firstLine + square + x, within, s.Group, s.Depth)] = shared[(square + x) * Stride + i % Edge];
        }
    }

    /// <summary>Four values of one k, a square apart.</summary>
    private static FloatLanes4 Load(ArrayView<float> source, int line, int k, SummedExtents s) =>
        new(At(source, line, k, s), At(source, line + Edge, k, s), At(source, line + 2 * Edge, k, s), At(source, line + 3 * Edge, k, s));

    private static float At(ArrayView<float> source, int line, int k, SummedExtents s) => source[IntrinsicMath.Min(line, s.Lines - 1) * s.K + k];

    private static void Store(ArrayView<float> shared, int at, FloatLanes4 x, int line, int k, SummedExtents s)
    {
        shared[at] = Inside(x.A, line, k, s);
        shared[at + Edge * Stride] = Inside(x.B, line + Edge, k, s);
        shared[at + 2 * Edge * Stride] = Inside(x.C, line + 2 * Edge, k, s);
        shared[at + 3 * Edge * Stride] = Inside(x.D, line + 3 * Edge, k, s);
    }

    private static float Inside(float x, int line, int k, SummedExtents s) => line < s.Lines && k < s.K ? x : 0;
}

/// <summary>The extents of lines that are interleaved and summed.</summary>
/// <param name="Lines">Lines that there are.</param>
/// <param name="Padded">Lines with padding, which is zero.</param>
/// <param name="Group">Lines of a group.</param>
/// <param name="SumLines">Sums, padded ones too; of padded ones past the last square nothing is written, and nobody reads what becomes of them.</param>
/// <param name="SumGroup">Sums of a group.</param>
/// <param name="K">K.</param>
/// <param name="Depth">K with padding, which is zero.</param>
/// <param name="Tile">Edge of a checksum tile.</param>
internal readonly record struct SummedExtents(int Lines, int Padded, int Group, int SumLines, int SumGroup, int K, int Depth, int Tile);
