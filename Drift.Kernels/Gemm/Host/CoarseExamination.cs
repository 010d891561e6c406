namespace Drift.Kernels;

/// <summary>
/// The second stage of hierarchical sums: inside coarse tiles with a line that deviates, the tiles' own sums. A band of coarse tiles is examined at a time: its rows
/// meet the digit columns of its faulty coarse tiles, and its digit rows their panels of weights, in the same micro-kernel as the product.
/// </summary>
internal sealed unsafe class CoarseExamination : IDisposable
{
    private readonly HostScratch _memory = new();
    private HostWeights _weights = null!, _digits = null!;
    private sbyte* _a;
    private nint _stride;
    private WindowRows<sbyte>? _windows;
    private GemmOutput _output = null!;

    /// <summary>Writes the output's sums: 0 in coarse tiles that agree, the tiles' own in the others.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="a">First row of A.</param>
    /// <param name="stride">Bytes between rows of A.</param>
    /// <param name="windows">What the rows of A are where they are no matrix.</param>
    /// <param name="output">The product; takes the sums.</param>
    /// <param name="expected">Sums of the coarse tiles.</param>
    /// <param name="observed">Sums of the coarse tiles.</param>
    public void Run(HostWeights weights, sbyte* a, nint stride, WindowRows<sbyte>? windows, GemmOutput output, LineSums expected, LineSums observed)
    {
        (_weights, _digits, _stride, _output) = (weights, weights.TileDigits!, stride, output);
        _a = a;
        _windows = windows;
        _output.Expected.Clear();
        _output.Observed.Clear();
        Span<bool> faulty = stackalloc bool[expected.TileColumns];
        for (var band = 0; band < expected.TileRows; band++)
        {
            var (top, count) = (band * expected.Tile, Math.Min(expected.Tile, expected.M - band * expected.Tile));
            if (Compare(expected, observed, band, top, count, faulty))
                Examine(top, count, faulty);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Marks a band's coarse tiles with a line that deviates.</summary>
    private static bool Compare(LineSums expected, LineSums observed, int band, int top, int count, Span<bool> faulty)
    {
        var (width, edge) = (expected.TileColumns, expected.Tile);
        ReadOnlySpan<int> rows = expected.Rows.Slice(top * width, count * width), found = observed.Rows.Slice(top * width, count * width);
        ReadOnlySpan<int> columns = expected.Columns.Slice(band * expected.N, expected.N), foundColumns = observed.Columns.Slice(band * expected.N, expected.N);
        // Nearly always nothing deviates, which one pass over both tells.
        if (rows.SequenceEqual(found) && columns.SequenceEqual(foundColumns))
            return false;
        for (var t = 0; t < width; t++)
        {
            var part = (t * edge)..Math.Min(expected.N, (t + 1) * edge);
            faulty[t] = !columns[part].SequenceEqual(foundColumns[part]);
            for (var i = t; i < rows.Length && !faulty[t]; i += width)
                faulty[t] = rows[i] != found[i];
        }

        return true;
    }

    private void Examine(int top, int count, ReadOnlySpan<bool> faulty)
    {
        var (edge, coarse) = (_weights.Tiles.Edge, _weights.Tiles.CoarseEdge);
        var tilesInCoarse = coarse / edge;
        var tileRows = (count + edge - 1) / edge;
        var kernel = _weights.Kernel;
        var packed = ActivationRows.Stride((nint)_weights.Packed.Groups * kernel.RowGroupBytes);
        long rowBytes = (long)count * _digits.ProductStride * sizeof(int), columnBytes = 2L * tileRows * _weights.ProductStride * sizeof(int);
        var rowProducts = (int*)_memory.Take(rowBytes + columnBytes + (count + 2 * tileRows) * packed + _weights.K * sizeof(short));
        var columnProducts = (int*)((byte*)rowProducts + rowBytes);
        var rows = (sbyte*)columnProducts + columnBytes;
        var digits = rows + count * packed;
        var sums = (short*)(digits + 2 * tileRows * packed);
        for (var t = 0; t < tileRows; t++)
        {
            var first = t * edge;
            var (target, height) = ((nint)(rows + first * packed), Math.Min(edge, count - first));
            if (_windows is { } windows)
                windows.Gather(top + first, height, 0, _weights.K, (sbyte*)target, packed);
            var source = _windows is null ? _a + (top + first) * _stride : (sbyte*)target;
            new Span<short>(sums, _weights.K).Clear();
            ActivationRows.Pack(source, _windows is null ? _stride : packed, height, _weights.K, kernel.Flip, (sbyte*)target, packed, sums);
            Digits.Split(sums, _weights.K, kernel.Flip, digits + 2 * t * packed, digits + (2 * t + 1) * packed);
        }

        Panels(_digits, 2 * tilesInCoarse, faulty, rows, packed, count, rowProducts);
        Panels(_weights, coarse, faulty, digits, packed, 2 * tileRows, columnProducts);
        for (var t = 0; t < _output.Expected.TileColumns; t++)
        {
            if (faulty[t / tilesInCoarse])
                Read(top, count, t, rowProducts + 2 * t, columnProducts);
        }
    }

    /// <summary>Multiplies rows by the panels that faulty coarse tiles reach into.</summary>
    private static void Panels(HostWeights weights, int columnsOfCoarse, ReadOnlySpan<bool> faulty, sbyte* a, nint stride, int rows, int* c)
    {
        var (width, packed) = (weights.Kernel.Columns, weights.Packed);
        RowBlock block = default;
        (block.AStride, block.Rows, block.CStride) = (stride, rows, (nint)weights.ProductStride * sizeof(int));
        block.A = a;
        block.C = c;
        for (var column = 0; column < weights.N; column += width)
        {
            var last = Math.Min(weights.N, column + width) - 1;
            if (faulty[(column / columnsOfCoarse)..(last / columnsOfCoarse + 1)].Contains(true))
                PanelProduct.Multiply(weights.Kernel, packed, column, packed.WidthAt(column), block, 0, packed.Groups);
        }
    }

    /// <summary>The sums of one tile column in a band.</summary>
    private void Read(int top, int count, int tileColumn, int* rowProducts, int* columnProducts)
    {
        var (expected, observed, edge) = (_output.Expected, _output.Observed, _weights.Tiles.Edge);
        var (left, width, tileColumns) = (tileColumn * edge, Math.Min(edge, expected.N - tileColumn * edge), expected.TileColumns);
        for (var i = 0; i < count; i++, rowProducts += _digits.ProductStride)
            expected.Rows[(top + i) * tileColumns + tileColumn] = Digits.Base * rowProducts[0] + rowProducts[1];
        fixed (int* rows = observed.Rows, columns = observed.Columns, expectedColumns = expected.Columns)
        {
            for (var first = 0; first < count; first += edge)
            {
                var line = (top + first) / edge * expected.N + left;
                Digits.Join(columnProducts + (nint)2 * (first / edge) * _weights.ProductStride + left, _weights.ProductStride, expectedColumns + line, width);
                LineSumKernel.Sum(_output.Pointer + (nint)(top + first) * _output.Stride + left, _output.Stride, Math.Min(edge, count - first), width,
                    rows + (nint)(top + first) * tileColumns + tileColumn, tileColumns, columns + line);
            }
        }
    }
}
