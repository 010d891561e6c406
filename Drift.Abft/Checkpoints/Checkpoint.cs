using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// A layer's outputs at an earlier step: INT8 codes with the scale they had then, or fp32 values where outputs stay wide. Owned and overwritten by its store.
/// </summary>
public sealed class Checkpoint
{
    private sbyte[] _codes = [];
    private float[] _values = [];
    private float[] _scales = [];
    private int _scaleCount;

    /// <summary>Zero-based index of the step whose outputs these are.</summary>
    public int Step { get; private set; }

    /// <summary>The checkpoint before this one, where its store keeps it.</summary>
    public Checkpoint? Earlier { get; internal set; }

    /// <summary>Rows of the picture.</summary>
    public int M { get; private set; }

    /// <summary>Output features.</summary>
    public int N { get; private set; }

    /// <summary>True when the values are fp32.</summary>
    public bool IsWide => _scaleCount == 0;

    /// <summary>Bytes of one element in memory: 1 for INT8, 4 for fp32.</summary>
    public int BytesPerElement => IsWide ? sizeof(float) : sizeof(sbyte);

    /// <summary>Bytes that the outputs take, scales included.</summary>
    public long Bytes => (long)M * N * BytesPerElement + (long)_scaleCount * sizeof(float);

    /// <summary>M x N codes; empty when wide.</summary>
    public ReadOnlySpan<sbyte> Codes => IsWide ? [] : _codes.AsSpan(0, M * N);

    /// <summary>M x N values; empty unless wide.</summary>
    public ReadOnlySpan<float> Values => IsWide ? _values.AsSpan(0, M * N) : [];

    /// <summary>The scale, or one a row; empty when wide.</summary>
    public ReadOnlySpan<float> Scales => _scales.AsSpan(0, _scaleCount);

    /// <summary>The value of an element: code x the scale of that time, or the fp32 value.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public float Value(int row, int column) => IsWide
        ? _values[row * N + column]
        : _codes[row * N + column] * _scales[_scaleCount == 1 ? 0 : row];

    /// <summary>Whether the outputs are of the picture at work.</summary>
    internal bool IsLive { get; private set; }

    /// <summary>Drops the outputs and keeps the arrays.</summary>
    internal void Forget() => (IsLive, Earlier) = (false, null);

    /// <summary>Asks for the cache line of an element: checkpoints are too many to stay in any cache from one save to the next.</summary>
    internal unsafe void Prefetch(int row, int column)
    {
        var element = row * N + column;
        if (!Sse.IsSupported)
            return;
        if (IsWide)
            Sse.Prefetch0(Unsafe.AsPointer(ref _values[element]));
        else
            Sse.Prefetch0(Unsafe.AsPointer(ref _codes[element]));
    }

    /// <summary>The values of up to sixteen neighbours in a row; lanes beyond them are 0.</summary>
    internal Vector512<float> Lanes(int row, int column, int count)
    {
        var start = row * N + column;
        if (IsWide)
            return VectorMath.Load(_values.AsSpan(start, count));
        if (start + VectorMath.Lanes > _codes.Length)
            return LanesAtEnd(start, count) * _scales[_scaleCount == 1 ? 0 : row];
        var words = Vector256.WidenLower(Vector128.Create<sbyte>(_codes.AsSpan(start)).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(words.ToVector512Unsafe())) * _scales[_scaleCount == 1 ? 0 : row];
    }

    private Vector512<float> LanesAtEnd(int start, int count)
    {
        Span<float> lanes = stackalloc float[VectorMath.Lanes];
        lanes.Clear();
        for (var i = 0; i < count; i++)
            lanes[i] = _codes[start + i];
        return VectorMath.Load(lanes);
    }

    /// <summary>Copies outputs, reusing the arrays.</summary>
    internal void Take(int step, LayerOutput output)
    {
        var elements = output.M * output.N;
        (Step, M, N, _scaleCount, IsLive) = (step, output.M, output.N, output.Scales.Length, true);
        if (output.IsWide)
        {
            if (_values.Length < elements)
                _values = new float[elements];
            output.Values.CopyTo(_values);
            return;
        }

        if (_scales.Length < _scaleCount)
            _scales = new float[_scaleCount];
        output.Scales.CopyTo(_scales);
        if (_codes.Length < elements)
            _codes = new sbyte[elements];
        if (!output.Codes.IsEmpty)
            output.Codes.CopyTo(_codes);
        else if (_scaleCount == 1)
            new CodeRounder(_scales[0]).Round(output.Values, _codes);
        else
            RoundRows(output);
    }

    private void RoundRows(LayerOutput output)
    {
        for (var row = 0; row < M; row++)
            new CodeRounder(_scales[row]).Round(output.Values.Slice(row * N, N), _codes.AsSpan(row * N, N));
    }
}
