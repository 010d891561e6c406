using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// What a layer of one picture gave, as the next layer will read it: values [M, N] row-major, and, where the output was requantised, the scale and perhaps the
/// INT8 codes behind them (value = code x scale).
/// </summary>
public readonly ref struct LayerOutput
{
    /// <summary>A wide output: fp32 values that were never requantised.</summary>
    /// <param name="m">Rows of the picture.</param>
    /// <param name="n">Output features.</param>
    /// <param name="values">M x N values.</param>
    /// <exception cref="ArgumentException">The span does not hold M x N values.</exception>
    public LayerOutput(int m, int n, Span<float> values)
    {
        if (values.Length != (long)m * n)
            throw new ArgumentException($"an output of {m} x {n} needs {(long)m * n} values, not {values.Length}", nameof(values));
        (M, N) = (m, n);
        Values = values;
    }

    /// <summary>A requantised output.</summary>
    /// <param name="m">Rows of the picture.</param>
    /// <param name="n">Output features.</param>
    /// <param name="values">M x N values, each code x scale.</param>
    /// <param name="scales">The clean output's scale: one value, or one a row. Each finite and not negative; 0 only for a row of zeros.</param>
    /// <param name="codes">M x N INT8 codes, or empty when the caller keeps none.</param>
    /// <exception cref="ArgumentException">A span has another length, or a scale is negative or not finite.</exception>
    public LayerOutput(int m, int n, Span<float> values, ReadOnlySpan<float> scales, Span<sbyte> codes = default)
        : this(m, n, values)
    {
        if (scales.Length != 1 && scales.Length != m)
            throw new ArgumentException($"{m} rows have one scale or {m}, not {scales.Length}", nameof(scales));
        foreach (var scale in scales)
        {
            if (!(scale >= 0 && float.IsFinite(scale)))
                throw new ArgumentException($"a scale is finite and not negative, not {scale}", nameof(scales));
        }

        if (!codes.IsEmpty && codes.Length != values.Length)
            throw new ArgumentException($"an output of {m} x {n} needs {values.Length} codes or none, not {codes.Length}", nameof(codes));
        Scales = scales;
        Codes = codes;
    }

    /// <summary>The layer; for recoveries that treat layers differently.</summary>
    public LayerKey Layer { get; init; }

    /// <summary>Zero-based index of the step; for recoveries that look ahead from earlier ones.</summary>
    public int Step { get; init; }

    /// <summary>Rows of the picture.</summary>
    public int M { get; }

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>M x N values.</summary>
    public Span<float> Values { get; }

    /// <summary>One scale, or one a row; empty for a wide output.</summary>
    public ReadOnlySpan<float> Scales { get; }

    /// <summary>M x N codes, or empty.</summary>
    public Span<sbyte> Codes { get; }

    /// <summary>True when the output stays fp32 and saturates nowhere.</summary>
    public bool IsWide => Scales.IsEmpty;
}
