using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// <see cref="VectorMath"/> on a device: sixteen lanes, sums in the same order, every fused operation written as one. Where a device rounds each step, the bits are the host's.
/// </summary>
internal static class LaneMath
{
    /// <summary>Lanes of a vector.</summary>
    public const int Lanes = VectorMath.Lanes;

    private const float Lowest = -87.33654f, Magic = 12582912f;

    /// <summary>Some values, and a filling behind the last.</summary>
    /// <param name="view">Values.</param>
    /// <param name="at">The first one's place.</param>
    /// <param name="count">How many there are from there on; at least 1.</param>
    /// <param name="fill">What stands in the lanes beyond them.</param>
    public static FloatLanes16 Load(ArrayView<float> view, int at, int count, float fill) => count >= Lanes
        ? FloatMemory.Load16(view, at)
        : new(Load4(view, at, count, fill), Load4(view, at + 4, count - 4, fill), Load4(view, at + 8, count - 8, fill), Load4(view, at + 12, count - 12, fill));

    /// <summary>The sum of all lanes: halves, then quarters, and so on.</summary>
    public static float Sum(FloatLanes16 x)
    {
        var four = FloatLanes4.Add(FloatLanes4.Add(x.A, x.C), FloatLanes4.Add(x.B, x.D));
        return four.A + four.C + (four.B + four.D);
    }

    /// <summary>sum + (x - mean)^2, lane by lane, the last two steps rounded once.</summary>
    public static FloatLanes16 AddSquares(FloatLanes16 sum, FloatLanes16 x, float mean) =>
        new(AddSquares(sum.A, x.A, mean), AddSquares(sum.B, x.B, mean), AddSquares(sum.C, x.C, mean), AddSquares(sum.D, x.D, mean));

    /// <summary><see cref="VectorMath.ExpOfNonPositive"/> of one value.</summary>
    public static float ExpOfNonPositive(float x) => ExpOfBounded(x > Lowest ? x : Lowest);

    /// <summary><see cref="FourVectors.TimesSigmoid"/> of one value.</summary>
    public static float TimesSigmoid(float x, float y) => x / (1 + ExpOfBounded(IntrinsicMath.Min(IntrinsicMath.Max(-y, -87f), 87f)));

    private static float ExpOfBounded(float x)
    {
        var rounded = DeviceMath.FusedMultiplyAdd(x, 1.44269504088896341f, Magic);
        var n = rounded - Magic;
        var r = DeviceMath.FusedMultiplyAdd(n, -0.693359375f, x);
        r = DeviceMath.FusedMultiplyAdd(n, 2.12194440e-4f, r);
        var p = DeviceMath.FusedMultiplyAdd(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = DeviceMath.FusedMultiplyAdd(p, r, 8.3334519073e-3f);
        p = DeviceMath.FusedMultiplyAdd(p, r, 4.1665795894e-2f);
        p = DeviceMath.FusedMultiplyAdd(p, r, 1.6666665459e-1f);
        p = DeviceMath.FusedMultiplyAdd(p, r, 5.0000001201e-1f);
        p = DeviceMath.FusedMultiplyAdd(p, r * r, r) + 1;
        return Interop.IntAsFloat(Interop.FloatAsInt(p) + (Interop.FloatAsInt(rounded) << 23));
    }

    private static FloatLanes4 AddSquares(FloatLanes4 sum, FloatLanes4 x, float mean) =>
        new(AddSquare(sum.A, x.A - mean), AddSquare(sum.B, x.B - mean), AddSquare(sum.C, x.C - mean), AddSquare(sum.D, x.D - mean));

    private static float AddSquare(float sum, float distance) => DeviceMath.FusedMultiplyAdd(distance, distance, sum);

    private static FloatLanes4 Load4(ArrayView<float> view, int at, int count, float fill) => new(
        count > 0 ? view[at] : fill,
        count > 1 ? view[at + 1] : fill,
        count > 2 ? view[at + 2] : fill,
        count > 3 ? view[at + 3] : fill);
}
