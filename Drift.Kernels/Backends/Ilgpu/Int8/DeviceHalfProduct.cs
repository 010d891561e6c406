using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>An fp16 product into fp32 with its operands on a device that has tensor cores: C = A W^T, and flips.</summary>
internal sealed class DeviceHalfProduct : IDisposable
{
    private readonly DigitFamily _family;
    private readonly DeviceBuffer _a, _w, _plan, _c;
    private readonly GemmExtents _extents;

    /// <summary>Sends operands and flips.</summary>
    /// <exception cref="ArgumentException">A span has another length, or a flip lies outside the product.</exception>
    public DeviceHalfProduct(Accelerator accelerator, DigitFamily family, ReadOnlySpan<Half> a, ReadOnlySpan<Half> w, GemmShape shape, FaultPlan faults)
    {
        var (m, n, k) = shape;
        Require(a.Length, (long)m * k, nameof(a));
        Require(w.Length, (long)n * k, nameof(w));
        _family = family;
        (_a, _w, _plan, _c) = (new(accelerator), new(accelerator), new(accelerator), new(accelerator));
        int rows = IlgpuWeights.RoundUp(m, family.RowUnit), stride = IlgpuWeights.RoundUp(n, family.ColumnUnit), words = IlgpuWeights.RoundUp((k + 1) / 2, family.WordUnit);
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        _extents = new(m, rows, n, words, stride, 0, 0, blockColumns, blockRows * blockColumns);
        try
        {
            PackedPlan.Upload(faults, shape, _plan);
            Upload(a, k, rows, words, _a);
            Upload(w, k, stride, words, _w);
            accelerator.Synchronize();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Multiplies.</summary>
    public void Run() => _family.MultiplyHalf(_a.All, _w.All, _plan.All, _c.Take(checked(_extents.PaddedRows * _extents.Stride)), _extents);

    /// <summary>Fetches what was computed.</summary>
    /// <param name="output">Takes it.</param>
    public void Read(FloatOutput output)
    {
        var e = _extents;
        output.Resize(e.Rows, e.Columns, 0);
        var values = MemoryMarshal.Cast<int, float>(_c.Download(e.PaddedRows * e.Stride));
        for (var i = 0; i < e.Rows; i++)
            values.Slice(i * e.Stride, e.Columns).CopyTo(output.Row(i));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<DeviceBuffer>)[_a, _w, _plan, _c])
            buffer.Dispose();
    }

    /// <summary>Lines of k values, padded with zeros to whole words, slices and blocks.</summary>
    private static void Upload(ReadOnlySpan<Half> values, int k, int lines, int words, DeviceBuffer buffer)
    {
        var length = checked(lines * words);
        var stage = MemoryMarshal.Cast<int, Half>(buffer.Stage(length));
        stage.Clear();
        for (var line = 0; line * k < values.Length; line++)
            values.Slice(line * k, k).CopyTo(stage[(line * words * 2)..]);
        buffer.Upload(length);
        buffer.DropStage();
    }

    private static void Require(int length, long needed, string name)
    {
        if (length != needed)
            throw new ArgumentException($"the operand needs {needed} values, the span has {length}", name);
    }
}
