namespace Drift.Kernels;

/// <summary>One INT8 product to execute: activations, prepared weights and the checks wanted.</summary>
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

    /// <summary>A, signed INT8, row-major with <see cref="Stride"/>.</summary>
    public ReadOnlySpan<sbyte> Activations { get; }

    /// <summary>Values from one row of A to the next.</summary>
    public int Stride { get; }

    /// <summary>W as prepared by the backend.</summary>
    public GemmWeights Weights { get; }

    /// <summary>M, N and K.</summary>
    public GemmShape Shape { get; }

    /// <summary>Edge of a checksum tile, counted from element (0,0); 0 for no checks.</summary>
    public int Tile => Weights.Tile;
}
