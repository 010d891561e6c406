using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// An fp32 product with its operands on a device: C = A W^T, flips, and where a tile is given the sums of <see cref="FloatOutput"/>. Expected sums are products too: the summed rows of A times
/// W, and A times the summed rows of W.
/// </summary>
internal sealed class DeviceFloatProduct : IDisposable
{
    private readonly FloatKernelSet _kernels;
    private readonly FloatFamily _family;
    // Lines of A that are laid out by one item where nothing is summed.
    private const int Chunk = 128;

    private readonly DeviceBuffer _source, _windows, _weights, _plan, _a, _summed, _c, _parts, _sums;
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
        (_source, _windows, _weights, _plan, _a, _summed, _c, _parts, _sums) = (Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer(), Buffer());
        (_tileRows, _tileColumns) = (IlgpuWeights.TilesIn(m, tile), IlgpuWeights.TilesIn(n, tile));
        _rows = IlgpuWeights.RoundUp(m, family.RowGroup);
        // Rows of C are written four values at once.
        _linesStride = IlgpuWeights.RoundUp(IlgpuWeights.RoundUp(_tileColumns, family.ColumnLineGroup(_tileColumns)), FloatSquare.Half);
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        var padded = IlgpuWeights.RoundUp(n, family.ColumnGroup);
        var stride = padded + _linesStride;
        _extents = new FloatExtents(m, _rows, n, padded, depth, stride, family.RowGroup, family.ColumnGroup, tile, blockColumns, blockRows * blockColumns);
        try
        {
            PackedPlan.Upload(faults, shape, _plan);
            var source = Upload(w);
            var weights = Floats(_weights, stride * depth);
            if (tile == 0)
                _kernels.Interleave(source, weights, n, padded, family.ColumnGroup, k, depth);
            else
                _kernels.InterleaveAndEncode(source, weights, new(n, padded, family.ColumnGroup, _linesStride, family.ColumnLineGroup(_tileColumns), k, depth, tile));

            accelerator.Synchronize();
            Upload(a);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private int SummedRows => IlgpuWeights.RoundUp(_tileRows, _family.RowLineGroup(_tileRows));

    /// <summary>Rows of C, check rows included.</summary>
    private int AllRows => _rows + SummedRows;

    /// <summary>Multiplies.</summary>
    public void Run()
    {
        var e = _extents;
        var sums = Floats(_sums, SumsLength);
        ArrayView<float> rowSums = sums.SubView(0, _rows * _linesStride), columnSums = sums.SubView(_rows * _linesStride, SummedRows * e.Stride), rowParts = rowSums, columnParts = columnSums;
        if (e.Tile > 0 && !_family.Sums(e.Tile))
        {
            int ofRows = _rows * (e.Stride / _family.PartColumns), ofColumns = IlgpuWeights.RoundUp(_rows, e.Tile) / _family.PartRows * e.Stride;
            var parts = Floats(_parts, ofRows + ofColumns);
            (rowParts, columnParts) = (parts.SubView(0, ofRows), parts.SubView(ofRows, ofColumns));
        }

        var launch = new FloatLaunch(Floats(_a, AllRows * e.Depth), Floats(_weights, e.Stride * e.Depth), _plan.All, Floats(_c, AllRows * e.Stride), rowParts, columnParts, e);
        var source = Source();
        if (_family.LongItems)
        {
            Lay(source, launch.A);
        }
        else if (e.Tile == 0)
        {
            _kernels.Interleave(source, launch.A, e.Rows, _rows, e.RowGroup, _k, e.Depth);
        }
        else
        {
            _kernels.InterleaveAndEncode(
                source, launch.A, new(e.Rows, _rows, e.RowGroup, SummedRows, _family.RowLineGroup(_tileRows), _k, e.Depth, e.Tile), rowSums.SubView(0, _family.Sums(e.Tile) ? rowSums.IntLength : 0));
        }

        _family.Multiply(launch, AllRows);
        if (e.Tile == 0 || _family.Sums(e.Tile))
            return;
        var extents = new GatherExtents(
            _rows, e.PaddedColumns, e.Stride, _linesStride, _tileColumns, e.Stride / _family.PartColumns, e.PaddedColumns / _family.PartColumns, _rows / _family.PartRows,
            e.Tile / _family.PartColumns, e.Tile / _family.PartRows);
        if (_family.LongItems)
            _kernels.GatherLong(_rows / _family.PartRows * _tileColumns + e.PaddedColumns / _family.PartColumns * _tileRows, rowParts, columnParts, rowSums, columnSums, extents);
        else
            _kernels.Gather(_rows * _tileColumns + e.PaddedColumns * _tileRows, rowParts, columnParts, rowSums, columnSums, extents);
    }

    /// <summary>Fetches what was computed.</summary>
    /// <param name="output">Takes it.</param>
    public void Read(FloatOutput output)
    {
        var e = _extents;
        output.Resize(e.Rows, e.Columns, e.Tile);
        var values = MemoryMarshal.Cast<int, float>(_c.Download(AllRows * e.Stride));
        for (var i = 0; i < e.Rows; i++)
            values.Slice(i * e.Stride, e.Columns).CopyTo(output.Row(i));
        if (e.Tile == 0)
            return;
        var observed = MemoryMarshal.Cast<int, float>(_sums.Download(SumsLength));
        var (toRow, toTile) = _family.LongItems ? (1, _rows) : (_linesStride, 1);
        Read(observed, toRow, toTile, observed[(_rows * _linesStride)..], output.Observed);
        Read(values[e.PaddedColumns..], e.Stride, 1, values[(_rows * e.Stride)..], output.Expected);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_source, _windows, _weights, _plan, _a, _summed, _c, _parts, _sums])
            buffer.Dispose();
    }

    private int SumsLength => checked(_rows * _linesStride + SummedRows * _extents.Stride);

    private void Read(ReadOnlySpan<float> rowSums, int toRow, int toTile, ReadOnlySpan<float> columnSums, FloatLineSums sums)
    {
        for (var i = 0; i < _extents.Rows; i++)
        {
            for (var t = 0; t < _tileColumns; t++)
                sums.Rows[i * _tileColumns + t] = rowSums[i * toRow + t * toTile];
        }

        for (var t = 0; t < _tileRows; t++)
            columnSums.Slice(t * _extents.Stride, _extents.Columns).CopyTo(sums.Columns[(t * _extents.Columns)..]);
    }

    /// <summary>A, interleaved, and below it its summed rows.</summary>
    private void Lay(ArrayView<float> source, ArrayView<float> a)
    {
        var e = _extents;
        var lines = e.Tile == 0 ? Chunk : e.Tile;
        var chunks = (_rows + lines - 1) / lines;
        var summed = e.Tile == 0 ? Floats(_summed, IlgpuWeights.RoundUp(chunks, FloatDirectKernel.Rows) * e.Depth) : a.SubView(_rows * e.Depth, SummedRows * e.Depth);
        var stretches = (_k + FloatDirectKernel.Columns - 1) / FloatDirectKernel.Columns;
        _kernels.Lay(new Index2D(stretches, chunks), source, a, summed, e.Rows, _rows, _k, lines);
    }

    /// <summary>A [M, K], gathered where it is windows.</summary>
    private ArrayView<float> Source()
    {
        if (_convolution is not { } windows)
            return Floats(_source, _extents.Rows * _k);
        var gathered = Floats(_windows, _extents.Rows * _k);
        _kernels.Windows(FlatIndex.Count(_k, _extents.Rows), _source.All.Cast<float>(), gathered, windows);
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
