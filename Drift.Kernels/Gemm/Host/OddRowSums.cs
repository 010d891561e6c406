using System.Runtime.Intrinsics;

namespace Drift.Kernels;

/// <summary>What row sums with odd weights need beside plain ones: the weights for the micro-kernel, and the products of third digits, which are added to the sums that two digits gave.</summary>
internal unsafe struct OddRowSums
{
    private readonly HostWeights _digits;
    private readonly int* _weights, _products;

    /// <summary>Lays out the memory.</summary>
    /// <param name="digits">The third digits, a column a tile.</param>
    /// <param name="tile">Edge of a tile.</param>
    /// <param name="memory">Room for <see cref="Values"/>.</param>
    public OddRowSums(HostWeights digits, int tile, int* memory)
    {
        _digits = digits;
        _weights = memory;
        _products = memory + Padded(tile);
        for (var place = 0; place < tile; place++)
            _weights[place] = OddWeights.Of(place);
    }

    /// <summary>Values that the memory must hold, in whole vectors.</summary>
    /// <param name="digits">The third digits.</param>
    /// <param name="tile">Edge of a tile.</param>
    /// <param name="rows">Rows of the product at a time.</param>
    public static long Values(HostWeights digits, int tile, int rows) => Padded(tile) + (long)rows * digits.ProductStride;

    /// <summary>Panels of third digits.</summary>
    /// <param name="digits">The third digits; null for none.</param>
    public static int Panels(HostWeights? digits) => digits is null ? 0 : (digits.Stride + digits.Kernel.Columns - 1) / digits.Kernel.Columns;

    /// <summary>What a tile's values count, from a place on.</summary>
    public readonly int* Weights(int place) => _weights == null ? null : _weights + place;

    /// <summary>Some rows times a panel of third digits.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="top">The first of them, among those at a time.</param>
    /// <param name="panel">Panel, from 0.</param>
    public readonly void Multiply(in RowBlock rows, int top, int panel)
    {
        var column = panel * _digits.Kernel.Columns;
        RowBlock block = default;
        (block.AStride, block.Rows, block.CStride) = (rows.AStride, rows.Rows, (nint)_digits.ProductStride * sizeof(int));
        block.A = rows.A;
        block.C = _products + (nint)top * _digits.ProductStride;
        if (column == _digits.Along)
        {
            block.Joined = (int*)block.C + column;
            (block.JoinedStride, block.JoinedColumns) = (block.CStride, _digits.Packed.WidthAt(column));
        }

        PanelProduct.Multiply(_digits.Kernel, _digits.Packed, column, _digits.Packed.WidthAt(column), block, 0, _digits.Packed.Groups);
    }

    /// <summary>Adds the products of some rows to their sums.</summary>
    /// <param name="top">The first of them, among those at a time.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="sums">A line of sums a row, one a tile.</param>
    public readonly void AddTo(int top, int rows, int* sums)
    {
        var products = _products + (nint)top * _digits.ProductStride;
        for (var row = 0; row < rows; row++, products += _digits.ProductStride, sums += _digits.N)
        {
            var t = 0;
            for (; t <= _digits.N - Vector512<int>.Count; t += Vector512<int>.Count)
                (Vector512.Load(sums + t) + (Vector512.Load(products + t) << (2 * Digits.Bits))).Store(sums + t);
            for (; t < _digits.N; t++)
                sums[t] += products[t] << (2 * Digits.Bits);
        }
    }

    private static int Padded(int tile) => (tile + MicroTile.Lanes - 1) / MicroTile.Lanes * MicroTile.Lanes;
}
