using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>An INT8 product with its operands on a device: they go up, are multiplied as often as wanted, and results come down. Buffers grow and stay.</summary>
internal sealed class DeviceProduct(Accelerator accelerator, Action<Index1D, ArrayView<sbyte>, ArrayView<int>, int, WindowExtents> gather) : IDisposable
{
    private readonly DeviceBuffer _input = new(accelerator), _activations = new(accelerator), _plan = new(accelerator), _accumulators = new(accelerator), _sums = new(accelerator);
    private ProductLaunch _launch;
    private SumLayout _layout;
    private GemmShape _shape;
    private WindowExtents? _convolution;

    /// <summary>Sends operands and flips.</summary>
    /// <param name="call">A, and weights of this device.</param>
    /// <param name="faults">Flips.</param>
    public void Load(in GemmCall call, FaultPlan faults)
    {
        var w = (IlgpuWeights)call.Weights;
        _shape = call.Shape;
        var (m, n, _) = _shape;
        var rows = IlgpuWeights.RoundUp(m, w.Family.RowUnit);
        _layout = new SumLayout(m, n, rows, w.Stride, w.Tile);
        // A plan that was drawn and came out empty still has blocks, but no starts.
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        var e = new GemmExtents(m, rows, n, w.LineWords, w.Stride, w.Tile, _layout.TileStride, blockColumns, blockRows * blockColumns);
        var plan = PackedPlan.Upload(faults, _shape, _plan);
        var sums = _sums.Take(_layout.Length);
        _launch = new ProductLaunch(Upload(call, rows, w.LineWords), w, plan, _accumulators.Take(checked(rows * w.Stride)), sums, _layout.In(sums), e);
    }

    /// <summary>Multiplies what was loaded.</summary>
    public void Run()
    {
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
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_input, _activations, _plan, _accumulators, _sums])
            buffer.Dispose();
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
