namespace Drift.Kernels;

/// <summary>One INT8 product to execute: activations, prepared weights and the checks wanted. The activations are a matrix, or the windows of a convolution over an input.</summary>
public readonly ref struct GemmCall
{
    /// <summary>Describes a product.</summary>
    /// <param name="activations">A, signed INT8, row-major: row i starts at i x <paramref name="stride"/>.</param>
    /// <param name="rows">M, at least 1.</param>
    /// <param name="stride">Bytes from one row to the next, at least K.</param>
    /// <param name="weights">W, prepared by the backend that will run the call. Its tile decides the checks.</param>
    /// <exception cref="ArgumentException">The span is too short, or a dimension is below 1.</exception>
    public GemmCall(ReadOnlySpan<sbyte> activations, int rows, int stride, GemmWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, weights.K);
        var needed = (long)(rows - 1) * stride + weights.K;
        if (activations.Length < needed)
            throw new ArgumentException($"{rows} rows of {weights.K} at stride {stride} need {needed} values, the span has {activations.Length}", nameof(activations));
        Activations = activations;
        Stride = stride;
        Weights = weights;
        Shape = new GemmShape(rows, weights.N, weights.K);
    }

    /// <summary>Describes a group's product of a convolution: its rows are the windows, which stand nowhere in memory.</summary>
    /// <param name="input">[batch, height, width, channels], signed INT8.</param>
    /// <param name="convolution">The convolution, with channels last.</param>
    /// <param name="group">Which group, from 0.</param>
    /// <param name="weights">The group's filters over the window, prepared by the backend that will run the call.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or an operand is another's.</exception>
    public GemmCall(ReadOnlySpan<sbyte> input, ConvolutionShape convolution, int group, GemmWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(convolution);
        var shape = convolution.Required().Product;
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, convolution.Groups);
        if (convolution.Layout != ChannelLayout.Last || input.Length < convolution.InputLength)
            throw new ArgumentException($"windows are taken of {convolution.InputLength} values with channels last, not of {input.Length} with channels {convolution.Layout}", nameof(input));
        if (weights.N != shape.N || weights.K != shape.K)
            throw new ArgumentException($"weights of {weights.N} x {weights.K} are not filters of {convolution}: {shape.N} x {shape.K}", nameof(weights));
        Activations = input;
        Stride = shape.K;
        Weights = weights;
        Shape = shape;
        (Convolution, Group) = (convolution, group);
    }

    /// <summary>A, signed INT8, row-major with <see cref="Stride"/>; or a convolution's input.</summary>
    public ReadOnlySpan<sbyte> Activations { get; }

    /// <summary>Values from one row of A to the next; K for windows.</summary>
    public int Stride { get; }

    /// <summary>The convolution whose windows are the rows of A; null where A is a matrix.</summary>
    public ConvolutionShape? Convolution { get; }

    /// <summary>Group of the convolution.</summary>
    public int Group { get; }

    /// <summary>W as prepared by the backend.</summary>
    public GemmWeights Weights { get; }

    /// <summary>M, N and K.</summary>
    public GemmShape Shape { get; }

    /// <summary>Edge of a checksum tile, counted from element (0,0); 0 for no checks.</summary>
    public int Tile => Weights.Tile;

    /// <summary>Copies some rows of A, whatever they are.</summary>
    /// <param name="row">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="target">Takes K values a row.</param>
    /// <param name="stride">Values from one row to the next in the target, at least K.</param>
    /// <exception cref="ArgumentException">The target is too short.</exception>
    public unsafe void CopyRows(int row, int count, Span<sbyte> target, int stride)
    {
        if (count > 0 && (stride < Shape.K || target.Length < (long)(count - 1) * stride + Shape.K))
            throw new ArgumentException($"{count} rows of {Shape.K} at stride {stride} do not fit {target.Length} values", nameof(target));
        fixed (sbyte* input = Activations, to = target)
        {
            if (Convolution is { } convolution)
            {
                new WindowRows<sbyte>(input, convolution, Group).Gather(row, count, 0, Shape.K, to, stride);
                return;
            }
        }

        for (var i = 0; i < count; i++)
            Activations.Slice((row + i) * Stride, Shape.K).CopyTo(target[(i * stride)..]);
    }
}
