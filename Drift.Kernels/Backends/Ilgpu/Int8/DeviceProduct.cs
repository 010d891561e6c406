using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>An INT8 product with its operands on a device: they go up, are quantised where they are fp32, and multiplied as often as wanted, and results come down. Buffers grow and stay.</summary>
internal sealed class DeviceProduct(Accelerator accelerator, Action<Index1D, ArrayView<sbyte>, ArrayView<int>, int, WindowExtents> gather) : IDisposable
{
    private readonly DeviceBuffer _lines = new(accelerator), _largest = new(accelerator), _input = new(accelerator), _activations = new(accelerator), _plan = new(accelerator), _accumulators = new(accelerator), _sums = new(accelerator);
    private ProductLaunch _launch;
    private SumLayout _layout;
    private GemmShape _shape;
    private WindowExtents? _convolution;
    private Action? _quantise;

    /// <summary>Sends operands and flips.</summary>
    /// <param name="call">A, and weights of this device.</param>
    /// <param name="faults">Flips.</param>
    public void Load(in GemmCall call, FaultPlan faults)
    {
        var w = (IlgpuWeights)call.Weights;
        _quantise = null;
        _launch = Launch(call.Shape, w, faults, Upload(call, IlgpuWeights.RoundUp(call.Shape.M, w.Family.RowUnit), w.LineWords));
    }

    /// <summary>Sends fp32 activations, quantised in every run under one scale, and flips.</summary>
    /// <param name="activations">A [M, K].</param>
    /// <param name="largest">The largest magnitude, of which the scale is made.</param>
    /// <param name="w">Weights.</param>
    /// <param name="faults">Flips.</param>
    /// <param name="kernels">Quantises where the weights' family does not.</param>
    public void Load(ReadOnlySpan<float> activations, float largest, IlgpuWeights w, FaultPlan faults, Func<LayerKernelSet> kernels)
    {
        int m = activations.Length / w.K, padded = IlgpuWeights.RoundUp(m, w.Family.RowUnit);
        _input.UploadOnce(activations, activations.Length);
        _largest.UploadOnce([largest], 1);
        _convolution = null;
        var codes = _activations.Take(checked(padded * w.LineWords));
        _launch = Launch(new GemmShape(m, w.N, w.K), w, faults, codes);
        var e = new QuantiseExtents(m, padded, w.K, w.LineWords, m, w.Tile);
        var tiles = (padded + DirectTile.Rows - 1) / DirectTile.Rows;
        // One memory for the lines of whichever kernel it will be.
        var lines = _lines.Take(Math.Max(w.Family.LinesLength(IlgpuWeights.TilesIn(m, w.Tile), w.LineWords), PairRows.Length(tiles, DirectTile.Rows, w.LineWords)));
        var launch = new QuantiseLaunch(_input.All.Cast<float>(), _largest.All, codes, lines, e);
        if (w.Family.Quantises(launch))
        {
            _launch = _launch with { Lines = w.Tile > 0 ? launch.Lines : null };
            _quantise = () => w.Family.Quantises(launch);
            return;
        }

        var encode = kernels().Encode;
        _quantise = () => encode(new Index2D(w.LineWords, tiles), launch.Values, launch.Largest, codes, lines, e with { Tile = DirectTile.Rows });
    }

    /// <summary>Multiplies what was loaded.</summary>
    public void Run()
    {
        _quantise?.Invoke();
        if (_convolution is { } windows)
            gather(FlatIndex.Count(_launch.Extents.Words, _launch.Extents.PaddedRows), _input.All.Cast<sbyte>(), _launch.A, _launch.Extents.Words, windows);
        _launch.Weights.Family.Multiply(_launch);
    }

    /// <summary>Fetches what was computed.</summary>
    /// <param name="output">Takes it.</param>
    public void Read(GemmOutput output)
    {
        var (e, w) = (_launch.Extents, _launch.Weights);
        output.Resize(_shape, e.Stride, e.PaddedRows, w.Tile);
        _accumulators.Download(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(output.Accumulators), e.PaddedRows * e.Stride));
        if (w.Tile > 0)
            _layout.Read(_sums.Download(_layout.Length), output);
        if (w.Tiles.IsHierarchical)
            CoarseTiles.Forget(output, w.Tiles);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_lines, _largest, _input, _activations, _plan, _accumulators, _sums])
            buffer.Dispose();
    }

    private ProductLaunch Launch(GemmShape shape, IlgpuWeights w, FaultPlan faults, ArrayView<int> a)
    {
        _shape = shape;
        var rows = IlgpuWeights.RoundUp(shape.M, w.Family.RowUnit);
        _layout = new SumLayout(shape.M, shape.N, rows, w.Stride, w.Tile);
        // A plan that was drawn and came out empty still has blocks, but no starts.
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        var e = new GemmExtents(shape.M, rows, shape.N, w.LineWords, w.Stride, w.Tile, _layout.TileStride, blockColumns, blockRows * blockColumns);
        var sums = _sums.Take(_layout.Length);
        return new ProductLaunch(a, w, PackedPlan.Upload(faults, shape, _plan), _accumulators.Take(checked(rows * w.Stride)), sums, _layout.In(sums), e);
    }

    /// <summary>A as words, rows padded with zeros; of a convolution only its input, whose windows are gathered there.</summary>
    private ArrayView<int> Upload(in GemmCall call, int rows, int words)
    {
        var length = checked(rows * words);
        _convolution = call.Convolution is { } shape ? WindowExtents.Of(shape, call.Group) : null;
        if (call.Convolution is { } convolution)
        {
            var input = MemoryMarshal.Cast<int, sbyte>(_input.Stage((convolution.InputLength + 3) / 4));
            call.Activations[..convolution.InputLength].CopyTo(input);
            _input.Upload((convolution.InputLength + 3) / 4);
            return _activations.Take(length);
        }

        var stage = MemoryMarshal.Cast<int, sbyte>(_activations.Stage(length));
        stage.Clear();
        call.CopyRows(0, call.Shape.M, stage, words * 4);
        return _activations.Upload(length);
    }
}
