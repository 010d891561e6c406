using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Drift.Abft;

/// <summary>The accumulators of one checksum tile and what bounds them. Rows and columns count from the tile's own corner.</summary>
internal readonly ref struct SuspectTile
{
    // fp32 arithmetic on the bound rounds.
    private const float Slack = 1.001f;

    private readonly ref int _accumulators;
    private readonly int _stride;
    private readonly ReadOnlySpan<float> _rowNorms;
    private readonly ReadOnlySpan<float> _columnNorms;

    public SuspectTile(in SuspectProduct product, int tileRow, int tileColumn)
    {
        var (m, n, k) = product.Output.Shape;
        var tile = product.Deviations.Tile;
        (FirstRow, FirstColumn) = (tileRow * tile, tileColumn * tile);
        (Height, Width) = (Math.Min(tile, m - FirstRow), Math.Min(tile, n - FirstColumn));
        _stride = product.Output.Stride;
        _accumulators = ref product.Output.Accumulators[FirstRow * _stride + FirstColumn];
        _rowNorms = product.RowNorms.Slice(FirstRow, Height);
        _columnNorms = product.ColumnNorms.Slice(FirstColumn, Width);
        Depth = k;
    }

    /// <summary>The tile's first row in the product.</summary>
    public int FirstRow { get; }

    /// <summary>The tile's first column in the product.</summary>
    public int FirstColumn { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>One bit a row.</summary>
    public ulong AllRows => ulong.MaxValue >> (64 - Height);

    /// <summary>One bit a column.</summary>
    public ulong AllColumns => ulong.MaxValue >> (64 - Width);

    /// <summary>K.</summary>
    public int Depth { get; }

    /// <summary>An accumulator as it is.</summary>
    public int this[int row, int column] => System.Runtime.CompilerServices.Unsafe.Add(ref _accumulators, row * _stride + column);

    /// <summary>Sixteen accumulators of a row, as they are.</summary>
    public Vector512<int> Values(int row, int column) => Vector512.LoadUnsafe(ref System.Runtime.CompilerServices.Unsafe.Add(ref _accumulators, row * _stride + column));

    /// <summary>Their bounds.</summary>
    public Vector512<float> Bounds(int row, int column) => Vector512.Create(_columnNorms[column..]) * _rowNorms[row];

    /// <summary>What no right accumulator exceeds in magnitude.</summary>
    public float Bound(int row, int column) => _rowNorms[row] * _columnNorms[column];

    /// <summary>Whether an accumulator exceeds its bound.</summary>
    public bool IsBeyondBound(int row, int column) => MathF.Abs(this[row, column]) > Bound(row, column);

    /// <summary>The one bit that brings an accumulator beyond its bound back; -1 where none does, or several.</summary>
    public int BitBeyondBound(int row, int column)
    {
        var accumulator = this[row, column];
        var bound = Bound(row, column);
        int bit = -1, ways = 0;
        // A bit changes the value by 2^b, so it must reach back to the bound, and not beyond it on the other side.
        var size = MathF.Abs(accumulator);
        var last = Math.Min(31, Exponent((size + bound) * Slack));
        for (var b = Math.Max(0, Exponent(size - bound)); b <= last; b++)
        {
            if (MathF.Abs(accumulator ^ (1 << b)) <= bound)
                (bit, ways) = (b, ways + 1);
        }

        return ways == 1 ? bit : -1;
    }

    /// <summary>The largest power of two that a positive number reaches.</summary>
    private static int Exponent(float value) => (BitConverter.SingleToInt32Bits(value) >> 23) - 127;

    /// <summary>The columns in which a row's accumulators exceed their bounds.</summary>
    public ulong BeyondBound(int row)
    {
        var accumulators = MemoryMarshal.CreateReadOnlySpan(ref System.Runtime.CompilerServices.Unsafe.Add(ref _accumulators, row * _stride), Width);
        var norm = _rowNorms[row];
        ulong beyond = 0;
        var j = 0;
        for (; j <= Width - Vector512<int>.Count; j += Vector512<int>.Count)
        {
            var values = Vector512.Abs(Vector512.ConvertToSingle(Vector512.Create(accumulators[j..])));
            beyond |= Vector512.GreaterThan(values, Vector512.Create(_columnNorms[j..]) * norm).ExtractMostSignificantBits() << j;
        }

        for (; j < Width; j++)
        {
            if (MathF.Abs(accumulators[j]) > norm * _columnNorms[j])
                beyond |= 1UL << j;
        }

        return beyond;
    }
}
