using ILGPU;

namespace Drift.Kernels.Ilgpu;

/// <summary>Weights on a device: words as their family of kernels reads them, and the sums of W's lines within each checksum tile.</summary>
internal sealed class IlgpuWeights : GemmWeights
{
    private readonly DeviceBuffer _words, _lines;
    private readonly DeviceBuffer _scales, _bias;
    private (float[] Scales, float[] Bias)? _wayOut;
    private bool _disposed;

    public IlgpuWeights(IlgpuBackend owner, KernelFamily family, int n, int k, ChecksumTiles tiles, DeviceBuffer words, DeviceBuffer lines)
        : base(n, k, tiles)
    {
        (Owner, Family, _words, _lines) = (owner, family, words, lines);
        (_scales, _bias) = (words.Beside(), words.Beside());
    }

    /// <summary>The backend whose device holds them.</summary>
    public IlgpuBackend Owner { get; }

    /// <summary>The kernels that multiply them.</summary>
    public KernelFamily Family { get; }

    /// <summary>Words of a line, padded.</summary>
    public int LineWords => RoundUp((K + 3) / 4, Family.WordUnit);

    /// <summary>Columns of C, padded.</summary>
    public int Stride => RoundUp(N, Family.ColumnUnit);

    /// <summary>Where the words stand.</summary>
    public OperandLayout Layout => Family.WeightLayout(N, LineWords);

    public ArrayView<int> Words => Alive(_words).Take(LineWords * Stride);

    /// <summary>The sums of W's lines within each tile, as the family has them.</summary>
    public ArrayView<int> Lines => Alive(_lines).Take(Family.LinesLength(TilesIn(N, Tile), LineWords));

    /// <summary>The scales and biases of the outputs, sent when they are first asked for.</summary>
    /// <param name="scales">N scales.</param>
    /// <param name="bias">N values; empty for zeros.</param>
    public (ArrayView<float> Scales, ArrayView<float> Bias) WayOut(float[] scales, float[] bias)
    {
        if (_wayOut is not { } known || known.Scales != scales || known.Bias != bias)
        {
            _wayOut = (scales, bias);
            Alive(_scales).UploadOnce(scales, N);
            Alive(_bias).UploadOnce(bias, N);
        }

        return (Alive(_scales).Take(N).Cast<float>(), Alive(_bias).Take(N).Cast<float>());
    }

    public static int RoundUp(int extent, int step) => (extent + step - 1) / step * step;

    public static int TilesIn(int extent, int tile) => tile == 0 ? 0 : (extent + tile - 1) / tile;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_disposed && disposing)
        {
            _disposed = true;
            Owner.Release(_words, _lines, _scales, _bias);
        }

        base.Dispose(disposing);
    }

    private DeviceBuffer Alive(DeviceBuffer buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return buffer;
    }
}
