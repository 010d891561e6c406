namespace Drift.Kernels;

/// <summary>The operands of a float product that change from call to call. Strides are in values.</summary>
internal readonly ref struct FloatOperands
{
    /// <summary>A, row-major; or a convolution's input, channels last.</summary>
    public ReadOnlySpan<float> A { get; init; }

    /// <summary>Values between rows of A.</summary>
    public int AStride { get; init; }

    /// <summary>The convolution whose windows are the rows of A; null where A is a matrix.</summary>
    public ConvolutionShape? Convolution { get; init; }

    /// <summary>Group of the convolution.</summary>
    public int Group { get; init; }

    /// <summary>Rows of A and C.</summary>
    public int Rows { get; init; }

    /// <summary>N values, or empty.</summary>
    public ReadOnlySpan<float> Bias { get; init; }

    /// <summary>Takes C, row-major.</summary>
    public Span<float> C { get; init; }

    /// <summary>Values between rows of C.</summary>
    public int CStride { get; init; }
}
