using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// A layer's outputs at an earlier step: INT8 codes with the scale they had then, or fp32 values where outputs stay wide. They lie in a block of a tier, in a layout's order, every cache line under a checksum.
/// Owned and overwritten by its store.
/// </summary>
public sealed class Checkpoint
{
    private readonly ITileLayout _layout;
    private readonly ICheckpointTier _tier;
    private readonly LineChecks _checks = new();
    private CheckpointBlock? _block;
    private unsafe byte* _start;
    private int _scaleCount;
    private float _scale;

    internal Checkpoint(ITileLayout layout, ICheckpointTier tier) => (_layout, _tier) = (layout, tier);

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

    /// <summary>Bytes that the outputs take, scales included. The checksums, four bytes a line of 64, stay with the bookkeeping.</summary>
    public long Bytes => BytesOf(M, N, _scaleCount);

    /// <summary>M x N codes in the layout's order; empty when wide.</summary>
    public ReadOnlySpan<sbyte> Codes => IsWide ? [] : MemoryMarshal.Cast<byte, sbyte>(_block!.Span[..(M * N)]);

    /// <summary>M x N values in the layout's order; empty unless wide.</summary>
    public ReadOnlySpan<float> Values => IsWide ? MemoryMarshal.Cast<byte, float>(_block!.Span[..(M * N * sizeof(float))]) : [];

    /// <summary>The scale, or one a row; empty when wide.</summary>
    public ReadOnlySpan<float> Scales => MemoryMarshal.Cast<byte, float>(_block!.Span.Slice(ScalesAt, _scaleCount * sizeof(float)));

    /// <summary>Whether a value that was read stood in bytes that are not those that were saved; what was made of such values has to be made again of another checkpoint.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Whether the outputs are of the picture at work.</summary>
    internal bool IsLive { get; private set; }

    /// <summary>Where the scales begin: behind the elements, on a whole word.</summary>
    private int ScalesAt => (M * N * BytesPerElement + sizeof(float) - 1) / sizeof(float) * sizeof(float);

    private int Used => ScalesAt + _scaleCount * sizeof(float);

    /// <summary>Bytes that a layer's outputs take, scales included.</summary>
    /// <param name="m">Rows of the picture.</param>
    /// <param name="n">Output features.</param>
    /// <param name="scales">Number of scales; 0 for a wide output.</param>
    public static long BytesOf(int m, int n, int scales) => (long)m * n * (scales == 0 ? sizeof(float) : sizeof(sbyte)) + (long)scales * sizeof(float);

    /// <summary>The value of an element: code x the scale of that time, or the fp32 value.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public float Value(int row, int column)
    {
        var at = _layout.Offset(M, N, row, column);
        Look(at, 1);
        return IsWide ? Values[at] : Codes[at] * Scales[_scaleCount == 1 ? 0 : row];
    }

    /// <summary>Drops the outputs and keeps the block.</summary>
    internal void Forget() => (IsLive, Earlier) = (false, null);

    /// <summary>Drops the outputs and gives the block back.</summary>
    internal void Release()
    {
        Forget();
        if (_block is { } block)
            block.Tier.Return(block);
        _block = null;
    }

    /// <summary>Whether all bytes are those that were saved.</summary>
    internal unsafe bool IsIntact() => !IsDamaged && _checks.Hold(_start, 0, Used);

    /// <summary>Whether the scales, which every value needs, are those that were saved.</summary>
    internal unsafe bool HasItsScales() => !IsDamaged && _checks.Hold(_start, ScalesAt, Used);

    /// <summary>Asks for the cache line of an element: checkpoints are too many to stay in any cache from one save to the next.</summary>
    internal unsafe void Prefetch(int row, int column)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(_start + (nint)_layout.Offset(M, N, row, column) * BytesPerElement);
    }

    /// <summary>Holds bytes that are being read against their checksums; nobody waits for the verdict.</summary>
    private unsafe void Look(int element, int count) => IsDamaged |= !_checks.Hold(_start, element * BytesPerElement, (element + count) * BytesPerElement);

    /// <summary>The values of up to sixteen neighbours in a row; what lanes beyond them hold is undefined.</summary>
    internal unsafe Vector512<float> Lanes(int row, int column, int count)
    {
        if (_layout.Run(N, column) < count)
            return LanesApart(row, column, count);
        var start = _layout.Offset(M, N, row, column);
        Look(start, count);
        if (IsWide)
            return VectorMath.Load(Values.Slice(start, count));
        // Behind the last code lie scales and the block's rounding up, so sixteen can mostly be read there too.
        if (start + VectorMath.Lanes > _block!.Size)
            return LanesApart(row, column, count);
        var words = Vector256.WidenLower(Vector128.Load((sbyte*)_start + start).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(words.ToVector512Unsafe())) * (_scaleCount == 1 ? _scale : Scales[row]);
    }

    private Vector512<float> LanesApart(int row, int column, int count)
    {
        Span<float> lanes = stackalloc float[VectorMath.Lanes];
        lanes.Clear();
        for (var i = 0; i < count; i++)
            lanes[i] = Value(row, column + i);
        return VectorMath.Load(lanes);
    }

    /// <summary>Copies outputs and takes their checksums; the block is reused where it is large enough.</summary>
    /// <exception cref="CheckpointStorageException">No tier has room.</exception>
    internal unsafe void Take(int step, LayerOutput output)
    {
        (IsLive, IsDamaged) = (false, false);
        (Step, M, N, _scaleCount) = (step, output.M, output.N, output.Scales.Length);
        if (_block is null || _block.Size < Used)
        {
            Release();
            _block = _tier.TryRent(Used) ?? throw new CheckpointStorageException($"checkpoints: {_tier.Name} has no room for {Used} bytes; expected a larger budget", null);
        }

        var bytes = _block.Span[..CheckpointBlock.SizeFor(Used)];
        _start = _block.Start;
        _scale = output.IsWide ? 1 : output.Scales[0];
        if (output.IsWide)
            Place<float>(output.Values, MemoryMarshal.Cast<byte, float>(bytes[..ScalesAt]));
        else
            Encode(output, MemoryMarshal.Cast<byte, sbyte>(bytes[..(M * N)]));
        // Bytes between codes and scales, and behind those, belong to nothing and are under a checksum all the same.
        bytes[(M * N * BytesPerElement)..ScalesAt].Clear();
        output.Scales.CopyTo(MemoryMarshal.Cast<byte, float>(bytes[ScalesAt..]));
        bytes[Used..].Clear();
        _checks.Take(_start, bytes.Length);
        IsLive = true;
    }

    private void Encode(LayerOutput output, Span<sbyte> codes)
    {
        if (!output.Codes.IsEmpty)
        {
            Place<sbyte>(output.Codes, codes);
            return;
        }

        var rounding = new CodeRounder(output.Scales[0]);
        for (var row = 0; row < M; row++)
        {
            if (_scaleCount > 1)
                rounding = new CodeRounder(output.Scales[row]);
            for (int column = 0, run; column < N; column += run)
            {
                run = _layout.Run(N, column);
                rounding.Round(output.Values.Slice(row * N + column, run), codes.Slice(_layout.Offset(M, N, row, column), run));
            }
        }
    }

    /// <summary>Row-major elements to the layout's order.</summary>
    private void Place<T>(ReadOnlySpan<T> elements, Span<T> target)
    {
        for (var row = 0; row < M; row++)
        {
            for (int column = 0, run; column < N; column += run)
            {
                run = _layout.Run(N, column);
                elements.Slice(row * N + column, run).CopyTo(target[_layout.Offset(M, N, row, column)..]);
            }
        }
    }
}
