using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>What is known of some rows while their blocks of scores pass by: the largest score so far, and sums of weights relative to it.</summary>
internal unsafe struct SoftmaxState
{
    /// <summary>Largest score of each row so far.</summary>
    public float* Largest;

    /// <summary>Sum of each row's weights so far.</summary>
    public float* Weights;

    /// <summary>Each row's weights times the line sums of V; null without checks.</summary>
    public float* Checks;

    /// <summary>What the last block multiplied each row's earlier sums by.</summary>
    public float* Rescale;
}

/// <summary>
/// Softmax of rows whose scores come in blocks (Milakov and Gimelshein, arXiv 1805.02867): with each block the largest score may grow, and what was summed before is rescaled by
/// e^(old - new). Sums run in sixteen lanes. Two rows at a time: a row is a chain of dependent steps, and the second fills the first one's waits.
/// </summary>
internal static unsafe class OnlineSoftmax
{
    /// <summary>Scores of a block become weights relative to the largest so far.</summary>
    /// <param name="scores">First row; whole vectors, with minus infinity behind the last score.</param>
    /// <param name="stride">Values between rows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="padded">Values of a row, a multiple of sixteen.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    /// <param name="first">Whether nothing came before.</param>
    /// <param name="valueSums">Line sums of the block's V, padded with zeros; null without checks.</param>
    /// <param name="state">What is known of the rows.</param>
    public static void Add(float* scores, nint stride, int rows, int padded, float scale, bool first, float* valueSums, in SoftmaxState state)
    {
        for (var row = 0; row < rows; row += 2)
        {
            // The last of an odd number of rows is its own partner: both are read before either is written.
            var other = Math.Min(row + 1, rows - 1);
            Pair(scores + row * stride, scores + other * stride, row, other, padded, scale, first, valueSums, state);
        }
    }

    /// <summary>Weights become shares: each row of the only block by its own sum, and the check with it.</summary>
    public static void Divide(float* weights, nint stride, int rows, int padded, in SoftmaxState state)
    {
        for (var row = 0; row < rows; row++, weights += stride)
        {
            var share = 1 / state.Weights[row];
            Multiply(weights, padded, share);
            if (state.Checks != null)
                state.Checks[row] *= share;
        }
    }

    /// <summary>x = x factor; the last vector may be ragged.</summary>
    public static void Multiply(float* x, int count, float factor)
    {
        var i = 0;
        for (; i <= count - VectorMath.Lanes; i += VectorMath.Lanes)
            (Vector512.Load(x + i) * factor).Store(x + i);
        for (; i < count; i++)
            x[i] *= factor;
    }

    private static void Pair(float* x, float* y, int row, int other, int padded, float scale, bool first, float* valueSums, in SoftmaxState state)
    {
        var (largestX, largestY) = (Vector512.Create(float.NegativeInfinity), Vector512.Create(float.NegativeInfinity));
        for (var i = 0; i < padded; i += VectorMath.Lanes)
        {
            largestX = Larger(Vector512.Load(x + i), largestX);
            largestY = Larger(Vector512.Load(y + i), largestY);
        }

        var (topX, rescaleX) = Top(largestX, row, scale, first, state);
        var (topY, rescaleY) = Top(largestY, other, scale, first, state);
        Vector512<float> sumX, sumY, checkX = default, checkY = default;
        if (valueSums == null)
            Weigh(x, y, padded, scale, topX, topY, out sumX, out sumY);
        else
            Weigh(x, y, padded, scale, topX, topY, valueSums, out sumX, out sumY, out checkX, out checkY);
        Keep(row, topX, rescaleX, sumX, checkX, first, state);
        if (other != row)
            Keep(other, topY, rescaleY, sumY, checkY, first, state);
    }

    private static (float Top, float Rescale) Top(Vector512<float> largest, int row, float scale, bool first, in SoftmaxState state)
    {
        // A row that is barred from a whole block has no largest score as yet; a finite one keeps the differences from it numbers.
        var top = MathF.Max(VectorMath.Max(largest), float.MinValue);
        if (first)
            return (top, 0);
        top = MathF.Max(top, state.Largest[row]);
        return (top, VectorMath.ExpOfNonPositive(Vector512.Create((state.Largest[row] - top) * scale)).ToScalar());
    }

    private static void Keep(int row, float top, float rescale, Vector512<float> weights, Vector512<float> check, bool first, in SoftmaxState state)
    {
        var sum = VectorMath.Sum(weights);
        state.Largest[row] = top;
        state.Weights[row] = first ? sum : MathF.FusedMultiplyAdd(state.Weights[row], rescale, sum);
        state.Rescale[row] = rescale;
        if (state.Checks != null)
            state.Checks[row] = first ? VectorMath.Sum(check) : MathF.FusedMultiplyAdd(state.Checks[row], rescale, VectorMath.Sum(check));
    }

    private static void Weigh(float* x, float* y, int padded, float scale, float topX, float topY, out Vector512<float> sumX, out Vector512<float> sumY)
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (tops, others) = (Vector512.Create(topX), Vector512.Create(topY));
        for (var i = 0; i < padded; i += VectorMath.Lanes)
        {
            var e = VectorMath.ExpOfNonPositive((Vector512.Load(x + i) - tops) * scale);
            var f = VectorMath.ExpOfNonPositive((Vector512.Load(y + i) - others) * scale);
            a += e;
            b += f;
            e.Store(x + i);
            f.Store(y + i);
        }

        (sumX, sumY) = (a, b);
    }

    private static void Weigh(float* x, float* y, int padded, float scale, float topX, float topY, float* valueSums, out Vector512<float> sumX, out Vector512<float> sumY,
        out Vector512<float> checkX, out Vector512<float> checkY)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (tops, others) = (Vector512.Create(topX), Vector512.Create(topY));
        for (var i = 0; i < padded; i += VectorMath.Lanes)
        {
            var e = VectorMath.ExpOfNonPositive((Vector512.Load(x + i) - tops) * scale);
            var f = VectorMath.ExpOfNonPositive((Vector512.Load(y + i) - others) * scale);
            var values = Vector512.Load(valueSums + i);
            a += e;
            b += f;
            c = Vector512.FusedMultiplyAdd(e, values, c);
            d = Vector512.FusedMultiplyAdd(f, values, d);
            e.Store(x + i);
            f.Store(y + i);
        }

        (sumX, sumY, checkX, checkY) = (a, b, c, d);
    }

    /// <summary>The larger of two; NaN in the first is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Larger(Vector512<float> x, Vector512<float> largest) => Vector512.ConditionalSelect(Vector512.GreaterThan(x, largest), x, largest);
}
