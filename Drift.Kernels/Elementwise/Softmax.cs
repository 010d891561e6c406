namespace Drift.Kernels;

/// <summary>Rows of scores to weights that sum to 1.</summary>
public static class Softmax
{
    private const int Together = 16;

    /// <summary>Columns that rows of some length need: whole vectors, so that no row has a ragged end.</summary>
    /// <param name="columns">Scores of a row.</param>
    public static int Padded(int columns) => (columns + VectorMath.Lanes - 1) / VectorMath.Lanes * VectorMath.Lanes;

    /// <summary>x = exp(scale x - largest) / sum, in every row; the sum in a fixed order of lanes.</summary>
    /// <param name="x">[rows, <see cref="Padded"/> columns], overwritten. What stands in the padding does not matter, before or after.</param>
    /// <param name="columns">Scores of a row, at least 1.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    /// <exception cref="ArgumentException">The values are not whole padded rows.</exception>
    public static void Rows(Span<float> x, int columns, float scale) => Rows(x, columns, scale, x);

    /// <summary>y = exp(scale x - largest) / sum, in every row; the sum in a fixed order of lanes.</summary>
    /// <param name="x">[rows, <see cref="Padded"/> columns]. What stands in the padding does not matter.</param>
    /// <param name="columns">Scores of a row, at least 1.</param>
    /// <param name="scale">A positive factor of the scores.</param>
    /// <param name="y">As long as x, and may be x; takes the weights, and anything in the padding.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">The values are not whole padded rows, or y has another length.</exception>
    public static unsafe void Rows(ReadOnlySpan<float> x, int columns, float scale, Span<float> y, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var padded = Padded(columns);
        if (x.Length % padded != 0 || y.Length != x.Length)
            throw new ArgumentException($"{x.Length} values are not whole rows of {padded} for as many weights, not {y.Length}", nameof(x));
        fixed (float* from = x, to = y)
        {
            float* source = from, target = to;
            RowShare.Run(x.Length / padded, padded, threads, (first, end) => Rows(source + (nint)first * padded, end - first, columns, padded, scale, target + (nint)first * padded));
        }
    }

    private static unsafe void Rows(float* x, int rows, int columns, int padded, float scale, float* y)
    {
        // Some rows at a time, which stay in the first-level cache: while one waits for a step, others take theirs.
        float* largest = stackalloc float[Together], weights = stackalloc float[Together], rescale = stackalloc float[Together];
        var state = new SoftmaxState { Largest = largest, Weights = weights, Rescale = rescale };
        for (var row = 0; row < rows; row += Together, x += Together * padded, y += Together * padded)
        {
            var count = Math.Min(Together, rows - row);
            var from = columns == padded ? x : y;
            if (from != x)
                new ReadOnlySpan<float>(x, count * padded).CopyTo(new Span<float>(y, count * padded));
            for (var i = 0; i < count && columns < padded; i++)
                new Span<float>(y + i * padded + columns, padded - columns).Fill(float.NegativeInfinity);
            OnlineSoftmax.Add(from, y, padded, count, columns, scale, true, null, state);
            OnlineSoftmax.Divide(y, padded, count, padded, state);
        }
    }
}
