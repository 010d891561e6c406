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
        var tiles = (expected.N + weights.Tiles.CoarseEdge - 1) / weights.Tiles.CoarseEdge;
        Span<bool> faulty = stackalloc bool[tiles], others = stackalloc bool[tiles];
        for (var band = 0; band < expected.TileRows; band++)
        {
            var (top, count) = (band * expected.Tile, Math.Min(expected.Tile, expected.M - band * expected.Tile));
            if (Agrees(expected, observed, band, top, count, faulty))
                continue;
            Examine(top, count, faulty);
            if (!LeavesUnexplained(expected, observed, top, count, faulty, others))
                continue;
            Examine(top, count, others);
            for (var t = 0; t < tiles; t++)
            {
                if (others[t])
                    CoarseTiles.Forget(output.Expected, output.Observed, top, t * expected.Tile, expected.Tile);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Whether all lines of a band agree; where not, marks its coarse tiles with a column that deviates.</summary>
    private static bool Agrees(LineSums expected, LineSums observed, int band, int top, int count, Span<bool> faulty)
    {
        var (width, edge) = (expected.TileColumns, expected.Tile);
        ReadOnlySpan<int> columns = expected.Columns.Slice(band * expected.N, expected.N), found = observed.Columns.Slice(band * expected.N, expected.N);
        // Nearly always nothing deviates, which one pass over both tells.
        if (expected.Rows.Slice(top * width, count * width).SequenceEqual(observed.Rows.Slice(top * width, count * width)) && columns.SequenceEqual(found))
            return true;
        for (var t = 0; t < faulty.Length; t++)
        {
            var part = (t * edge)..Math.Min(expected.N, (t + 1) * edge);
            faulty[t] = !columns[part].SequenceEqual(found[part]);
        }

        return false;
    }

    /// <summary>Whether rows deviate by more than their parts in the faulty tiles do: then a fault is in one of the others under that sum, where its columns cancel. Marks those.</summary>
    private bool LeavesUnexplained(LineSums expected, LineSums observed, int top, int count, ReadOnlySpan<bool> faulty, Span<bool> others)
    {
        var (lines, coarseOfLine, any) = (expected.TileColumns, _weights.RowEdge / expected.Tile, false);
        for (var line = 0; line < lines; line++)
        {
            int first = line * coarseOfLine, end = Math.Min(faulty.Length, first + coarseOfLine);
            var unexplained = false;
            for (var i = top; i < top + count && !unexplained; i++)
            {
                var deviation = observed.Rows[i * lines + line] - expected.Rows[i * lines + line];
                for (var t = first; t < end; t++)
                    deviation -= faulty[t] ? Deviation(i, t) : 0;
                unexplained = deviation != 0;
            }

            for (var t = first; t < end; t++)
                others[t] = unexplained && !faulty[t];
            any |= others[first..end].Contains(true);
        }

        return any;
    }

    /// <summary>What the tiles in an examined coarse one tell of a row.</summary>
    private int Deviation(int row, int coarse)
    {
        var (expected, observed, each, deviation) = (_output.Expected, _output.Observed, _weights.Tiles.CoarseEdge / _weights.Tiles.Edge, 0);
        for (var t = coarse * each; t < Math.Min(expected.TileColumns, (coarse + 1) * each); t++)
            deviation += observed.Rows[row * expected.TileColumns + t] - expected.Rows[row * expected.TileColumns + t];
        return deviation;
    }

    /// <summary>Takes the sums of the tiles in some coarse ones of a band.</summary>
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
