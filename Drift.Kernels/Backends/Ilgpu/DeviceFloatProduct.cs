using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>The kernels that fp32 products on a device are made of.</summary>
internal sealed class FloatKernelSet(Accelerator accelerator, int group)
{
    /// <summary><see cref="FloatLineKernels.Interleave"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int> Interleave { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int>(FloatLineKernels.Interleave, group);

    /// <summary><see cref="FloatLineKernels.Encode"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int> Encode { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int>(FloatLineKernels.Encode, group);

    /// <summary><see cref="WindowKernels.Values"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, WindowExtents> Windows { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, WindowExtents>(WindowKernels.Values, group);

    /// <summary><see cref="FloatLineKernels.Gather"/>.</summary>
    public Action<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int, int> Gather { get; } =
        accelerator.LoadImplicitlyGroupedStreamKernel<Index2D, ArrayView<float>, ArrayView<float>, int, int, int, int, int, int>(FloatLineKernels.Gather, group);

    /// <summary>The family of small launches: check rows and columns.</summary>
    public FloatFamily Direct { get; } = new FloatDirectFamily(accelerator, group);
}

/// <summary>
/// An fp32 product with its operands on a device: C = A W^T, flips, and where a tile is given the sums of <see cref="FloatOutput"/>. Expected sums are products too: the summed rows of A times
/// W, and A times the summed rows of W.
/// </summary>
internal sealed class DeviceFloatProduct : IDisposable
{
    private readonly FloatKernelSet _kernels;
    private readonly FloatFamily _family;
    private readonly DeviceBuffer _source, _windows, _weights, _lines, _plan, _a, _summed, _c, _parts, _sums;
    private readonly FloatExtents _extents;
    private readonly WindowExtents? _convolution;
    private readonly int _k, _rows, _tileRows, _tileColumns, _linesStride;

    /// <summary>Sends operands and flips.</summary>
    /// <exception cref="ArgumentException">A span is too short, or the tile does not hold whole register tiles.</exception>
    public DeviceFloatProduct(Accelerator accelerator, FloatKernelSet kernels, FloatFamily family, ReadOnlySpan<float> a, ReadOnlySpan<float> w, GemmShape shape, int tile, FaultPlan faults,
        WindowExtents? convolution = null)
    {
        var (m, n, k) = shape;
        if (convolution is null)
            Require(a.Length, (long)m * k, nameof(a));
        Require(w.Length, (long)n * k, nameof(w));
        if (tile < 0 || tile % family.PartColumns != 0 || tile % family.PartRows != 0)
            throw new ArgumentException($"fp32 line sums on a device are taken of tiles of 0 or a multiple of {Math.Max(family.PartColumns, family.PartRows)}, not of {tile}", nameof(tile));
        (_kernels, _family, _convolution, _k) = (kernels, family, convolution, k);
        var depth = IlgpuWeights.RoundUp(k, family.DepthUnit);
        DeviceBuffer Buffer() => new(accelerator);
        (_source, _windows, _weights, _lines, _plan, _a, _summed, _c, _parts, _sums) = (Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer());
        (_tileRows, _tileColumns) = (IlgpuWeights.TilesIn(m, tile), IlgpuWeights.TilesIn(n, tile));
        _rows = IlgpuWeights.RoundUp(m, family.RowGroup);
        _linesStride = IlgpuWeights.RoundUp(_tileColumns, FloatDirectKernel.Columns);
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        _extents = new FloatExtents(
            m, n, depth, IlgpuWeights.RoundUp(n, family.ColumnGroup), family.RowGroup, family.ColumnGroup, tile, blockColumns, blockRows * blockColumns);
        try
        {
            PackedPlan.Upload(faults, shape, _plan);
            var source = Upload(w);
            _kernels.Interleave(new Index2D(depth, _extents.Stride), source, Floats(_weights, _extents.Stride * depth), n, family.ColumnGroup, k, depth);
            if (tile > 0)
                _kernels.Encode(new Index2D(depth, _linesStride), source, Floats(_lines, _linesStride * depth), n, FloatDirectKernel.Columns, k, depth, tile);
            accelerator.Synchronize();
            Upload(a);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private int SummedRows => IlgpuWeights.RoundUp(_tileRows, FloatDirectKernel.Rows);

    /// <summary>Multiplies.</summary>
    public void Run()
    {
        var e = _extents;
        var source = Source();
        var a = Floats(_a, _rows * e.Depth);
        var w = Floats(_weights, e.Stride * e.Depth);
        var plan = _plan.All;
        var sums = Sums();
        _kernels.Interleave(new Index2D(e.Depth, _rows), source, a, e.Rows, e.RowGroup, _k, e.Depth);
        int rowParts = _rows * (e.Stride / _family.PartColumns), columnParts = _rows / _family.PartRows * e.Stride;
        var parts = Floats(_parts, rowParts + columnParts);
        var (partsOfRows, partsOfColumns) = (parts.SubView(0, rowParts), parts.SubView(rowParts, columnParts));
        _family.Multiply(new FloatLaunch(a, w, plan, Floats(_c, _rows * e.Stride), partsOfRows, partsOfColumns, e), _rows);
        if (e.Tile == 0)
            return;
        var summed = Floats(_summed, SummedRows * e.Depth);
        var bare = e with { Tile = 0, BlockColumns = 0, Blocks = 0 };
        _kernels.Encode(new Index2D(e.Depth, SummedRows), source, summed, e.Rows, FloatDirectKernel.Rows, _k, e.Depth, e.Tile);
        _kernels.Direct.Multiply(new FloatLaunch(summed, w, plan, sums.ExpectedColumns, parts, parts, bare with { RowGroup = FloatDirectKernel.Rows }), SummedRows);
        _kernels.Direct.Multiply(
            new FloatLaunch(a, Floats(_lines, _linesStride * e.Depth), plan, sums.ExpectedRows, parts, parts,
                bare with { Stride = _linesStride, ColumnGroup = FloatDirectKernel.Columns }), _rows);
        var partColumns = e.Stride / _family.PartColumns;
        _kernels.Gather(new Index2D(_rows, _tileColumns), partsOfRows, sums.ObservedRows, partColumns, 1, partColumns, e.Tile / _family.PartColumns, _linesStride, 1);
        _kernels.Gather(
            new Index2D(e.Stride, _tileRows), partsOfColumns, sums.ObservedColumns, 1, e.Stride, _rows / _family.PartRows, e.Tile / _family.PartRows, 1, e.Stride);
    }

    /// <summary>Fetches what was computed.</summary>
    /// <param name="output">Takes it.</param>
    public void Read(FloatOutput output)
    {
        var e = _extents;
        output.Resize(e.Rows, e.Columns, e.Tile);
        var values = MemoryMarshal.Cast<int, float>(_c.Download(_rows * e.Stride));
        for (var i = 0; i < e.Rows; i++)
            values.Slice(i * e.Stride, e.Columns).CopyTo(output.Row(i));
        if (e.Tile == 0)
            return;
        var all = MemoryMarshal.Cast<int, float>(_sums.Download(SumsLength));
        int rowSums = _rows * _linesStride, columnSums = SummedRows * e.Stride;
        Read(all[..rowSums], all.Slice(2 * rowSums, columnSums), output.Expected);
        Read(all.Slice(rowSums, rowSums), all[(2 * rowSums + columnSums)..], output.Observed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_source, _windows, _weights, _lines, _plan, _a, _summed, _c, _parts, _sums])
            buffer.Dispose();
    }

    private int SumsLength => checked(2 * (_rows * _linesStride + SummedRows * _extents.Stride));

    private (ArrayView<float> ExpectedRows, ArrayView<float> ObservedRows, ArrayView<float> ExpectedColumns, ArrayView<float> ObservedColumns) Sums()
    {
        var all = Floats(_sums, SumsLength);
        int rowSums = _rows * _linesStride, columnSums = SummedRows * _extents.Stride;
        return rowSums == 0
            ? (all, all, all, all)
            : (all.SubView(0, rowSums), all.SubView(rowSums, rowSums), all.SubView(2 * rowSums, columnSums), all.SubView(2 * rowSums + columnSums, columnSums));
    }

    private void Read(ReadOnlySpan<float> rowSums, ReadOnlySpan<float> columnSums, FloatLineSums sums)
    {
        for (var i = 0; i < _extents.Rows; i++)
            rowSums.Slice(i * _linesStride, _tileColumns).CopyTo(sums.Rows[(i * _tileColumns)..]);
        for (var t = 0; t < _tileRows; t++)
            columnSums.Slice(t * _extents.Stride, _extents.Columns).CopyTo(sums.Columns[(t * _extents.Columns)..]);
    }

    /// <summary>A [M, K], gathered where it is windows.</summary>
    private ArrayView<float> Source()
    {
        if (_convolution is not { } windows)
            return Floats(_source, _extents.Rows * _k);
        var gathered = Floats(_windows, _extents.Rows * _k);
        _kernels.Windows(new Index2D(_k, _extents.Rows), _source.All.Cast<float>(), gathered, windows);
        return gathered;
    }

    private ArrayView<float> Upload(ReadOnlySpan<float> values)
    {
        MemoryMarshal.Cast<float, int>(values).CopyTo(_source.Stage(values.Length));
        return _source.Upload(values.Length).Cast<float>();
    }

    private static ArrayView<float> Floats(DeviceBuffer buffer, int length) => buffer.Take(length).Cast<float>();

    private static void Require(int length, long needed, string name)
    {
        if (length != needed)
            throw new ArgumentException($"the operand needs {needed} values, the span has {length}", name);
    }
}
