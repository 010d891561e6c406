namespace Drift.Kernels;

/// <summary>What an fp32 product on a device leaves: the values after flips, and the line sums that were expected and observed. Reused from call to call.</summary>
public sealed class FloatOutput
{
    private float[] _values = [];

    /// <summary>Rows.</summary>
    public int M { get; private set; }

    /// <summary>Columns.</summary>
    public int N { get; private set; }

    /// <summary>Sums from the operands' own, each one chain of fused multiply-adds over K.</summary>
    public FloatLineSums Expected { get; } = new();

    /// <summary>Sums of the product as it is, in an order of the device's kernels that is always the same.</summary>
    public FloatLineSums Observed { get; } = new();

    /// <summary>The N values of a row.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    public Span<float> Row(int row) => _values.AsSpan(row * N, N);

    /// <summary>Takes a new shape; contents are undefined until written.</summary>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    public void Resize(int m, int n, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        (M, N) = (m, n);
        if (_values.Length < m * n)
            _values = new float[m * n];
        Expected.Resize(m, n, tile);
        Observed.Resize(m, n, tile);
    }
}
