using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// The 16 lanes that a micro-kernel keeps of every row's sum, folded: within each quarter (0 + 2) + (1 + 3), then quarters likewise. The order is fixed, so floats have the same
/// bits everywhere.
/// </summary>
internal static unsafe class RowLanes
{
    private const int Rows = 4;

    /// <summary>Folds floats.</summary>
    /// <param name="lanes">[rows, 16].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="sums">Takes a sum a row.</param>
    /// <param name="stride">Values between sums.</param>
    public static void Fold(float* lanes, int rows, float* sums, nint stride)
    {
        var i = 0;
        for (; Avx512F.IsSupported && i <= rows - Rows; i += Rows, lanes += Rows * MicroTile.Lanes, sums += Rows * stride)
        {
            var four = Fold(Pairs(lanes, lanes + MicroTile.Lanes), Pairs(lanes + 2 * MicroTile.Lanes, lanes + 3 * MicroTile.Lanes));
            (sums[0], sums[stride], sums[2 * stride], sums[3 * stride]) = (four.GetElement(0), four.GetElement(1), four.GetElement(2), four.GetElement(3));
        }

        if (Avx512F.IsSupported && i < rows)
        {
            // Missing rows repeat the last one.
            var last = lanes + (rows - 1 - i) * MicroTile.Lanes;
            var three = Fold(Pairs(lanes, i + 1 < rows ? lanes + MicroTile.Lanes : last), Pairs(last, last));
            sums[0] = three.GetElement(0);
            if (i + 1 < rows)
                sums[stride] = three.GetElement(1);
            if (i + 2 < rows)
                sums[2 * stride] = three.GetElement(2);
            return;
        }

        for (; i < rows; i++, lanes += MicroTile.Lanes, sums += stride)
            *sums = Fold(Vector512.Load(lanes));
    }

    /// <summary>Folds one row's lanes.</summary>
    public static float Fold(Vector512<float> lanes)
    {
        var values = stackalloc float[MicroTile.Lanes];
        lanes.Store(values);
        return Quarter(values) + Quarter(values + 8) + (Quarter(values + 4) + Quarter(values + 12));
    }

    private static float Quarter(float* lanes) => lanes[0] + lanes[2] + (lanes[1] + lanes[3]);

    /// <summary>Four rows from their pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(Vector512<double> ab, Vector512<double> cd)
    {
        var quarters = Avx512F.UnpackLow(ab, cd).AsSingle() + Avx512F.UnpackHigh(ab, cd).AsSingle();
        var halves = quarters.GetLower() + quarters.GetUpper();
        return halves.GetLower() + halves.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Pairs(float* first, float* second)
    {
        var (a, b) = (Vector512.Load(first), Vector512.Load(second));
        return (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsDouble();
    }
}
