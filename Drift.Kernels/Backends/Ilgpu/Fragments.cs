using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>A lane's words of 64 rows and 64 values of k, four neighbouring words of each of its eight rows: 16 i + g in <see cref="Upper"/>, 16 i + g + 8 in <see cref="Lower"/>.</summary>
/// <remarks>The eight lanes that an access serves at once read 128 neighbouring bytes: two rows of 64. So no bank is asked twice, and rows need no padding.</remarks>
internal readonly struct Fragments(Lanes16 upper, Lanes16 lower)
{
    private const int Eight = 8 * MatrixKernel.SliceWords;

    public readonly Lanes16 Upper = upper, Lower = lower;

    /// <summary>The lane's words of 64 rows.</summary>
    public static Fragments Load(ArrayView<int> slice, int at) => new(
        new Lanes16(Quad.Load(slice, at), Quad.Load(slice, at + 2 * Eight), Quad.Load(slice, at + 4 * Eight), Quad.Load(slice, at + 6 * Eight)),
        new Lanes16(Quad.Load(slice, at + Eight), Quad.Load(slice, at + 3 * Eight), Quad.Load(slice, at + 5 * Eight), Quad.Load(slice, at + 7 * Eight)));

    /// <summary>The lane's words of 32 columns.</summary>
    public static Lanes16 LoadColumns(ArrayView<int> slice, int at) =>
        new(Quad.Load(slice, at), Quad.Load(slice, at + Eight), Quad.Load(slice, at + 2 * Eight), Quad.Load(slice, at + 3 * Eight));
}
