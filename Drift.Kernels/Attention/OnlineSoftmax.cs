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

    /// <summary>With checks: sixteen lanes a row of memory that a block's are taken in.</summary>
    public float* CheckLanes;

    /// <summary>Takes sixteen lanes a row that add up to the sum of its scores in the block; null where nobody wants it.</summary>
    public float* Scores;

    /// <summary>What the last block multiplied each row's earlier sums by.</summary>
    public float* Rescale;
}

/// <summary>
/// Softmax of rows whose scores come in blocks (Milakov and Gimelshein, arXiv 1805.02867): with each block the largest score may grow, and what was summed before is rescaled by
/// e^(old - new). Sums run in sixteen lanes. Each step is done for all rows before the next one begins, two rows at a time: a row is a chain of dependent steps, and other rows fill its waits.
/// </summary>
internal static unsafe class OnlineSoftmax
{
    /// <summary>Scores of a block become weights relative to the largest so far.</summary>
    /// <param name="scores">First row; whole vectors, with minus infinity behind the last score.</param>
    /// <param name="weights">Takes the weights; may be the scores.</param>
    /// <param name="stride">Values between rows of either.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="count">Scores of a row.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    /// <param name="first">Whether nothing came before.</param>
    /// <param name="valueSums">Line sums of the block's V, padded with zeros; null without checks.</param>
    /// <param name="state">What is known of the rows.</param>
    public static void Add(float* scores, float* weights, nint stride, int rows, int count, float scale, bool first, float* valueSums, in SoftmaxState state)
    {
        var padded = Softmax.Padded(count);
        // The last of an odd number of rows is its own partner: both are read before either is written.
        for (var row = 0; row < rows; row += 2)
        {
            var other = Math.Min(row + 1, rows - 1);
            Look(new Rows(scores + row * stride, scores + other * stride, padded), count, row, other, scale, first, state);
        }

        for (var row = 0; row < rows; row += 2)
        {
            var other = Math.Min(row + 1, rows - 1);
            Weigh(new Rows(scores + row * stride, scores + other * stride, padded), new Rows(weights + row * stride, weights + other * stride, padded), row, other, scale, first, valueSums, state);
        }

        if (valueSums != null)
            Check(rows, first, state);
    }

    /// <summary>The block's checks, from their lanes, join what was before.</summary>
    private static void Check(int rows, bool first, in SoftmaxState state)
    {
        var folded = stackalloc float[rows];
        RowLanes.Fold(state.CheckLanes, rows, folded, 1);
        for (var row = 0; row < rows; row++)
            state.Checks[row] = first ? folded[row] : MathF.FusedMultiplyAdd(state.Checks[row], state.Rescale[row], folded[row]);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Look(in Rows scores, int count, int row, int other, float scale, bool first, in SoftmaxState state)
    {
        Vector512<float> largestX, largestY;
        if (state.Scores == null)
            Look(scores, out largestX, out largestY);
        else
            LookAndSum(scores, count, state.Scores + row * VectorMath.Lanes, state.Scores + other * VectorMath.Lanes, out largestX, out largestY);
        Top(largestX, row, scale, first, state);
        if (other != row)
            Top(largestY, other, scale, first, state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weigh(in Rows scores, in Rows weights, int row, int other, float scale, bool first, float* valueSums, in SoftmaxState state)
    {
        var (topX, topY) = (state.Largest[row], state.Largest[other]);
        Vector512<float> sumX, sumY;
        if (valueSums == null)
            Weigh(scores, weights, scale, topX, topY, out sumX, out sumY);
        else
            Weigh(scores, weights, scale, topX, topY, valueSums, state.CheckLanes + row * VectorMath.Lanes, state.CheckLanes + other * VectorMath.Lanes, out sumX, out sumY);
        Keep(row, sumX, first, state);
        if (other != row)
            Keep(other, sumY, first, state);
    }

    /// <summary>The largest of each lane. NaN need not be seen: where there is one, the sum of weights becomes NaN, and all of the row with it.</summary>
    private static void Look(in Rows scores, out Vector512<float> largestX, out Vector512<float> largestY)
    {
        float* x = scores.X, y = scores.Y;
        var (a, b) = (Vector512.Load(x), Vector512.Load(y));
        var (c, d) = (a, b);
        var i = VectorMath.Lanes;
        for (; i <= scores.Padded - 2 * VectorMath.Lanes; i += 2 * VectorMath.Lanes)
        {
            a = Vector512.MaxNative(Vector512.Load(x + i), a);
            b = Vector512.MaxNative(Vector512.Load(y + i), b);
            c = Vector512.MaxNative(Vector512.Load(x + i + VectorMath.Lanes), c);
            d = Vector512.MaxNative(Vector512.Load(y + i + VectorMath.Lanes), d);
        }

        if (i < scores.Padded)
        {
            a = Vector512.MaxNative(Vector512.Load(x + i), a);
            b = Vector512.MaxNative(Vector512.Load(y + i), b);
        }

        (largestX, largestY) = (Vector512.MaxNative(a, c), Vector512.MaxNative(b, d));
    }

    /// <summary>The same, and the sums of all lanes' scores: the loads are there, and the additions wait for nothing that the maxima need.</summary>
    private static void LookAndSum(in Rows scores, int count, float* sumX, float* sumY, out Vector512<float> largestX, out Vector512<float> largestY)
    {
        float* x = scores.X, y = scores.Y;
        var (a, b) = (Vector512.Create(float.NegativeInfinity), Vector512.Create(float.NegativeInfinity));
        var (c, d) = (a, b);
        var (e, f, g, h) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var i = 0;
        for (; i <= count - 2 * VectorMath.Lanes; i += 2 * VectorMath.Lanes)
        {
            var (p, q) = (Vector512.Load(x + i), Vector512.Load(y + i));
            var (r, s) = (Vector512.Load(x + i + VectorMath.Lanes), Vector512.Load(y + i + VectorMath.Lanes));
            a = Vector512.MaxNative(p, a);
            b = Vector512.MaxNative(q, b);
            c = Vector512.MaxNative(r, c);
            d = Vector512.MaxNative(s, d);
            e += p;
            f += q;
            g += r;
            h += s;
        }

        for (; i < count; i += VectorMath.Lanes)
        {
            var there = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count - i)).AsSingle();
            var (p, q) = (Vector512.Load(x + i), Vector512.Load(y + i));
            a = Vector512.MaxNative(p, a);
            b = Vector512.MaxNative(q, b);
            e += p & there;
            f += q & there;
        }

        (e + g).Store(sumX);
        (f + h).Store(sumY);
        (largestX, largestY) = (Vector512.MaxNative(a, c), Vector512.MaxNative(b, d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Top(Vector512<float> largest, int row, float scale, bool first, in SoftmaxState state)
    {
        // A row that is barred from a whole block has no largest score as yet; a finite one keeps the differences from it numbers.
        var top = MathF.Max(VectorMath.Max(largest), float.MinValue);
        if (!first)
        {
            top = MathF.Max(top, state.Largest[row]);
            state.Rescale[row] = VectorMath.ExpOfNonPositive(Vector512.Create((state.Largest[row] - top) * scale)).ToScalar();
        }

        state.Largest[row] = top;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(int row, Vector512<float> weights, bool first, in SoftmaxState state)
    {
        var sum = VectorMath.Sum(weights);
        state.Weights[row] = first ? sum : MathF.FusedMultiplyAdd(state.Weights[row], state.Rescale[row], sum);
    }

    private static void Weigh(in Rows scores, in Rows weights, float scale, float topX, float topY, out Vector512<float> sumX, out Vector512<float> sumY)
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (tops, others) = (Vector512.Create(topX), Vector512.Create(topY));
        float* x = scores.X, y = scores.Y, toX = weights.X, toY = weights.Y;
        var i = 0;
        for (; i <= scores.Padded - 2 * VectorMath.Lanes; i += 2 * VectorMath.Lanes)
        {
            var (e, f) = ((Vector512.Load(x + i) - tops) * scale, (Vector512.Load(y + i) - others) * scale);
            var (g, h) = ((Vector512.Load(x + i + VectorMath.Lanes) - tops) * scale, (Vector512.Load(y + i + VectorMath.Lanes) - others) * scale);
            FourVectors.ExpOfNonPositive(ref e, ref f, ref g, ref h);
            a = a + e + g;
            b = b + f + h;
            e.Store(toX + i);
            f.Store(toY + i);
            g.Store(toX + i + VectorMath.Lanes);
            h.Store(toY + i + VectorMath.Lanes);
        }

        if (i < scores.Padded)
        {
            var (e, f) = (VectorMath.ExpOfNonPositive((Vector512.Load(x + i) - tops) * scale), VectorMath.ExpOfNonPositive((Vector512.Load(y + i) - others) * scale));
            a += e;
            b += f;
            e.Store(toX + i);
            f.Store(toY + i);
        }

        (sumX, sumY) = (a, b);
    }

    private static void Weigh(in Rows scores, in Rows weights, float scale, float topX, float topY, float* valueSums, float* checkX, float* checkY,
        out Vector512<float> sumX, out Vector512<float> sumY)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (tops, others) = (Vector512.Create(topX), Vector512.Create(topY));
        float* x = scores.X, y = scores.Y, toX = weights.X, toY = weights.Y;
        for (var i = 0; i < scores.Padded; i += VectorMath.Lanes)
        {
            var e = VectorMath.ExpOfNonPositive((Vector512.Load(x + i) - tops) * scale);
            var f = VectorMath.ExpOfNonPositive((Vector512.Load(y + i) - others) * scale);
            var values = Vector512.Load(valueSums + i);
            a += e;
            b += f;
            c = Vector512.FusedMultiplyAdd(e, values, c);
            d = Vector512.FusedMultiplyAdd(f, values, d);
            e.Store(toX + i);
            f.Store(toY + i);
        }

        c.Store(checkX);
        d.Store(checkY);
        (sumX, sumY) = (a, b);
    }

    /// <summary>Two rows, or one twice.</summary>
    private readonly struct Rows(float* x, float* y, int padded)
    {
        public readonly float* X = x, Y = y;
        public readonly int Padded = padded;
    }
}
