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
}
