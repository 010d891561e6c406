namespace Drift.Kernels;

/// <summary>What a product leaves: INT32 accumulators after faults, and the line sums that were expected and observed. Reused from call to call.</summary>
public sealed unsafe class GemmOutput : IDisposable
{
    private NativeBlock? _block;
    private int* _accumulators;
    private long _capacity;
    private bool _disposed;

    /// <summary>M, N and K of the last product.</summary>
    public GemmShape Shape { get; private set; }

    /// <summary>Accumulators from one row to the next; at least N, the rest is the backend's.</summary>
    public int Stride { get; private set; }

    /// <summary>Line sums from the operands' own line sums: what they are if nothing went wrong. Modulo 2^32.</summary>
    public LineSums Expected { get; } = new();

    /// <summary>Line sums of the accumulators as they are, faults included. Modulo 2^32.</summary>
    public LineSums Observed { get; } = new();

    /// <summary>Position-weighted sums from the operands' own; of tile 0 unless the weights were prepared with moments.</summary>
    public LineSums ExpectedMoments { get; } = new();

    /// <summary>Position-weighted sums of the accumulators as they are; of tile 0 unless the weights were prepared with moments.</summary>
    public LineSums ObservedMoments { get; } = new();

    /// <summary>All rows, [M, <see cref="Stride"/>] row-major.</summary>
    public Span<int> Accumulators => new(_accumulators, Shape.M * Stride);

    /// <summary>The N accumulators of a row.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    public Span<int> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Shape.M);
        return new(_accumulators + (long)row * Stride, Shape.N);
    }

    /// <summary>Takes a new shape; contents are undefined until written. For backends.</summary>
    /// <param name="shape">Shape of the product.</param>
    /// <param name="stride">Accumulators from one row to the next, at least N.</param>
    /// <param name="rows">Rows to hold, at least M: a backend may keep check rows below the product.</param>
    /// <param name="tile">Edge of a checksum tile, or 0.</param>
    /// <param name="moments">Whether position-weighted sums are taken too.</param>
    /// <param name="oddRows">Whether row sums have odd weights.</param>
    public void Resize(GemmShape shape, int stride, int rows, int tile, bool moments = false, bool oddRows = false)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, shape.N);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, shape.M);
        var needed = (long)stride * rows;
        if (needed > int.MaxValue)
            throw new ArgumentException($"{rows} rows at stride {stride} pass 2^31 accumulators", nameof(shape));
        if (needed > _capacity)
        {
            Free();
            _block = new NativeBlock(needed * sizeof(int));
            _accumulators = (int*)_block.Pointer;
            _capacity = needed;
        }

        (Shape, Stride) = (shape, stride);
        Expected.Resize(shape.M, shape.N, tile, oddRows);
        Observed.Resize(shape.M, shape.N, tile, oddRows);
        ExpectedMoments.Resize(shape.M, shape.N, moments ? tile : 0);
        ObservedMoments.Resize(shape.M, shape.N, moments ? tile : 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        Shape = default;
        _disposed = true;
    }

    /// <summary>Sums the lines of the accumulators into <see cref="Observed"/>, modulo 2^32.</summary>
    public void Observe() => LineSumKernel.Sum(this, Observed);

    /// <summary>Sums the weighted lines of the accumulators into <see cref="ObservedMoments"/>, modulo 2^32.</summary>
    public void ObserveMoments() => LineMoments.Sum(this, ObservedMoments);

    internal int* Pointer => _accumulators;

    private void Free()
    {
        _block?.Dispose();
        _accumulators = null;
        _capacity = 0;
    }
}
