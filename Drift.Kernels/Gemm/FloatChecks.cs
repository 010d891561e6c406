namespace Drift.Kernels;

/// <summary>
/// What a protected float product leaves for a detection rule: line sums as the operands foretell them, as the product has them, and what is needed to tell how far rounding
/// may part the two. Sums are of the product before the bias. Reused from call to call.
/// </summary>
public sealed class FloatChecks
{
    /// <summary>Sums from the operands' own: row sums are A times the summed rows of W, column sums the summed rows of A times W; each one chain of fused multiply-adds over K.</summary>
    public FloatLineSums Expected { get; } = new();

    /// <summary>
    /// Sums of the product as it is, flips included. A row runs in 16 lanes that are folded at its end, a column is one chain.
    /// </summary>
    public FloatLineSums Observed { get; } = new();

    /// <summary>Of each row of A [M], over K.</summary>
    public LineStatistics Activations { get; } = new();

    /// <summary>Of each tile's summed rows of A [tile rows], over K.</summary>
    public LineStatistics SummedActivations { get; } = new();

    /// <summary>Of each row of W [N], over K; belongs to the weights.</summary>
    public LineStatistics Weights { get; internal set; } = new();

    /// <summary>Of each tile's summed rows of W [tile columns], over K; belongs to the weights.</summary>
    public LineStatistics SummedWeights { get; internal set; } = new();
}

/// <summary>Sums over K of some lines' values and of their squares; with K they give each line's mean and variance.</summary>
public sealed class LineStatistics
{
    private float[] _sums = [], _squares = [];

    /// <summary>Number of lines.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of each line's values.</summary>
    public Span<float> Sums => _sums.AsSpan(0, Count);

    /// <summary>Sum of each line's squared values.</summary>
    public Span<float> Squares => _squares.AsSpan(0, Count);

    /// <summary>Takes a number of lines; their sums are undefined until written.</summary>
    /// <param name="count">Number of lines.</param>
    public void Resize(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
        if (_sums.Length < count)
            (_sums, _squares) = (new float[count], new float[count]);
    }
}
