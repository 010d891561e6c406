namespace Drift.Kernels;

/// <summary>
/// The INT8 product on this CPU, after BLIS: blocks of A's rows, each of which stays in a second-level cache, are packed with the digit rows of their tiles' sums and meet the panels of
/// weights. As soon as a panel of C is whole, while it is still in the cache, its flips are applied and its expected sums put together; the observed ones come from the micro-kernel. Where a coarse tile
/// is cut into parts, its last one waits until the others are packed. Every sum has one writer; the column sums of a tile in parts have one a part, and are added when all have returned.
/// </summary>
internal sealed unsafe class HostProduct : BlockWork, IDisposable
{
    // Below this many multiply-accumulates a thread costs more than it brings.
    private const long LeastMacsPerThread = 1 << 21;

    private readonly HostScratch _memory = new();
    private readonly CoarseExamination _examination = new();
    private readonly LineSums _coarseExpected = new(), _coarseObserved = new();
    private HostWeights _weights = null!;
    private FaultPlan _faults;
    private GemmShape _shape;
    private sbyte* _a, _rows, _digitRows, _momentRows;
    private nint _aStride, _stride, _workerBytes;
    private WindowRows<sbyte>? _windows;
    private WindowSums? _windowSums;
    private byte* _workers;
    private int* _c;
    private int _cStride;
    private int* _lineSums, _partSums;
    private int _tile, _fused, _panelsOfLine, _tileRows, _slotTiles, _sumStride, _kinds;
    private LineSums _expected = null!;
    private int* _rowSums, _columnSums, _expectedRows, _expectedColumns, _expectedRowMoments, _expectedColumnMoments;
    private OddRowSums _odd;

    // Whether rows meet the panel along K when they are packed, and not among the others.
    private bool _meetsDigits;

    /// <summary>Runs a call.</summary>
    /// <param name="call">The operands.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="faults">Flips.</param>
    /// <param name="output">Takes product and sums.</param>
    /// <param name="pool">Lends threads.</param>
    /// <param name="threads">Most threads to use.</param>
    public void Run(in GemmCall call, HostWeights weights, FaultPlan faults, GemmOutput output, WorkerPool pool, int threads)
    {
        var (m, n, k) = _shape = call.Shape;
        var (tiles, width) = (weights.Tiles, weights.Kernel.Columns);
        (_weights, _faults, _aStride, _tile) = (weights, faults, call.Stride, tiles.AlwaysSummed);
        _tileRows = _tile == 0 ? 0 : (m + _tile - 1) / _tile;
        _kinds = _tile == 0 ? 0 : tiles.Moments ? 2 : 1;
        output.Resize(_shape, weights.ProductStride, m + Digits.Count * _kinds * _tileRows, tiles.Edge, tiles.Moments, tiles.OddRows);
        faults.RequireShape(m, n);
        var (expected, observed) = (output.Expected, output.Observed);
        if (tiles.IsHierarchical)
        {
            (expected, observed) = (_coarseExpected, _coarseObserved);
            expected.Resize(m, n, _tile, weights.RowEdge);
            observed.Resize(m, n, _tile, weights.RowEdge);
        }

        // Sums of a tile that ends inside a panel are taken afterwards instead, over the whole product.
        _fused = _tile % width == 0 ? _tile : 0;
        _windowSums = call.Convolution is { } neighbours && WindowSums.Serve(neighbours) ? new WindowSums(neighbours, weights.Kernel.Flip) : null;
        (_cStride, _expected) = (output.Stride, expected);
        _c = output.Pointer;
        threads = (int)Math.Min(Math.Min(threads, pool.Processors), Math.Max(1, _shape.Macs / LeastMacsPerThread));
        threads = Math.Min(threads, ProductCut.MostThreads(m, Panels));
        Plan(threads, call.Convolution is not null);
        fixed (sbyte* activations = call.Activations)
        fixed (int* rowSums = observed.Rows, columnSums = observed.Columns, expectedRows = expected.Rows, expectedColumns = expected.Columns)
        fixed (int* rowMoments = output.ExpectedMoments.Rows, columnMoments = output.ExpectedMoments.Columns)
        {
            _a = activations;
            _windows = call.Convolution is { } convolution ? new WindowRows<sbyte>(activations, convolution, call.Group) : null;
            _rowSums = rowSums;
            _columnSums = columnSums;
            _expectedRows = expectedRows;
            _expectedColumns = expectedColumns;
            _expectedRowMoments = rowMoments;
            _expectedColumnMoments = columnMoments;
            RunBlocks(pool);
            if (_tile != 0 && _fused == 0)
                LineSumKernel.Sum(output, observed);
            if (tiles.Moments)
                output.ObserveMoments();
            if (tiles.IsHierarchical)
                _examination.Run(weights, activations, call.Stride, _windows, output, expected, observed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _examination.Dispose();
    }

    /// <summary>Brings the sums of a block's rows to where they belong.</summary>
    protected override void Finish(int block)
    {
        var (rows, packed, line) = (Cut.Rows(block), Cut.IsCopied ? 0 : Slot(block) * Cut.BlockRows, (nint)Cut.Top(block) * _expected.TileColumns);
        if (_fused != 0)
            PanelRowSums.Fold(_lineSums + packed, _sumStride, rows, RowLines, PanelsOfTile / _panelsOfLine, _rowSums + line);
        if (_weights.Tiles.OddRows)
            _odd.AddTo(packed, rows, _expectedRows + line);
    }

    /// <summary>Adds the observed column sums of a part of a tile to the first part's.</summary>
    protected override void AddUp(int block)
    {
        if (_fused != 0 && block % Cut.TileParts != 0)
            PanelRowSums.Add(_columnSums + (nint)(Cut.Top(block) / _tile) * _shape.N, PartSums(block), _shape.N);
        for (var share = 0; _fused != 0 && Cut.SharedParts > 0 && share < Cut.ColumnParts; share++)
        {
            var (panel, _, _, top, _, part) = Cut.Share(block, share);
            var column = panel * _weights.Kernel.Columns;
            if (part >= 0 && column < _shape.N)
                PanelRowSums.Add(_columnSums + (nint)(top / _tile) * _shape.N + column, _partSums + (nint)part * _weights.Kernel.Columns, Math.Min(_weights.Kernel.Columns, _shape.N - column));
        }
    }

    /// <summary>The observed column sums of a part of a tile.</summary>
    private int* PartSums(int block) => _partSums + (nint)(block - First) * _shape.N;

    /// <summary>A worker's sums of A's columns; those of a part of a tile, which stay until the last part has them.</summary>
    private short* PackedSums(int block, int worker) => (short*)(_workers + (Cut.TileParts == 1 ? worker : block - First) * _workerBytes);

    /// <summary>Cuts the product and lays out the memory.</summary>
    private void Plan(int threads, bool windows)
    {
        var (m, _, k) = _shape;
        var kernel = _weights.Kernel;
        _stride = ActivationRows.Stride((nint)_weights.Packed.Groups * kernel.RowGroupBytes);
        Begin(new ProductCut(m, _tile, kernel.Rows, _stride, Panels, threads, copies: !windows), threads);
        _meetsDigits = windows && Cut.PackParts == 1 && _weights.Stride - _weights.Along is > 0 and <= MicroTile.MostFlipping;
        // Panels of a tile add up in one line of row sums where one thread takes all of them.
        _panelsOfLine = Cut.ColumnParts == 1 ? PanelsOfTile : 1;
        // Packed rows are those of as many blocks as are packed at a time, with their tiles' digits. A worker has, while it packs, the sums of K columns, or a tile's part has them; a line has a sum a row.
        var slots = Cut.IsCopied ? threads : Cut.Owners;
        var rows = slots * Cut.BlockRows;
        var summed = Cut.IsCopied ? Cut.BlockRows : rows;
        _slotTiles = _tile == 0 ? 0 : (Cut.BlockRows + _tile - 1) / _tile;
        var packed = (long)(rows + Digits.Count * _kinds * slots * _slotTiles) * _stride;
        (_workerBytes, _sumStride) = ((k + (_windowSums?.Kept ?? 0)) * sizeof(short) / Line * Line + Line, (summed / MicroTile.Lanes | 1) * MicroTile.Lanes + MicroTile.Lanes);
        var (partSums, columnSums) = Cut.TileParts == 1 ? ((long)Cut.SharedParts * kernel.Columns, threads) : ((long)AtHand * _shape.N, Math.Max(threads, AtHand));
        var odd = _weights.TopDigits is { } top ? OddRowSums.Values(top, _tile, summed) : 0;
        _rows = (sbyte*)_memory.Take(packed + _workerBytes * columnSums + sizeof(int) * (odd + (_fused == 0 ? 0 : (long)_sumStride * RowLines + partSums)));
        _digitRows = _rows + rows * _stride;
        _momentRows = _digitRows + Digits.Count * slots * _slotTiles * _stride;
        _workers = (byte*)_rows + packed;
        var sums = (int*)(_workers + _workerBytes * columnSums);
        _odd = odd == 0 ? default : new OddRowSums(_weights.TopDigits!, _tile, sums);
        _lineSums = sums + odd;
        _partSums = _lineSums + (nint)_sumStride * RowLines;
    }

    private const int Line = 64;

    /// <summary>Lines of observed row sums.</summary>
    private int RowLines => (_shape.N + _panelsOfLine * _weights.Kernel.Columns - 1) / (_panelsOfLine * _weights.Kernel.Columns);

    /// <summary>Panels of a tile.</summary>
    private int PanelsOfTile => Math.Max(1, _weights.RowEdge / _weights.Kernel.Columns);

    /// <summary>Panels of C and of digits, third ones last.</summary>
    private int Panels => TopPanel + OddRowSums.Panels(_weights.TopDigits);

    /// <summary>The first panel of third digits.</summary>
    private int TopPanel => (_weights.Stride + _weights.Kernel.Columns - 1) / _weights.Kernel.Columns;

    /// <summary>Packs a tile's rows, or a share of their columns, and its digit rows.</summary>
    protected override void Pack(int block, int piece, int worker)
    {
        var (first, share, slot) = (piece / Cut.PackParts * Cut.PackRows, piece % Cut.PackParts, Cut.IsCopied ? worker : Slot(block));
        var (top, flip, k) = (Cut.Top(block) + first, _weights.Kernel.Flip, _shape.K);
        var width = ((k + Cut.PackParts - 1) / Cut.PackParts + 63) & ~63;
        int from = Math.Min(k, share * width), count = Math.Min(width, k - from);
        if (count <= 0)
            return;
        var rows = Math.Min(Cut.PackRows, Cut.Rows(block) - first);
        sbyte* packed = _rows + (slot * Cut.BlockRows + first) * _stride + from, source = _windows is null ? _a + top * _aStride + from : packed;
        var stride = _windows is null ? _aStride : _stride;
        var sums = _tile == 0 ? null : PackedSums(block, worker);
        // Windows are gathered to where they are packed, in place: a few at a time, which are then in the first-level cache. Moments are taken of all rows of a tile.
        var step = _windows is null || _weights.Tiles.Moments ? rows : ActivationRows.Together;
        // Sums of windows are taken of whole ones.
        var neighbours = sums != null && count == k ? _windowSums : null;
        for (var i = 0; i < rows; i += step)
        {
            var some = Math.Min(step, rows - i);
            if (_windows is { } windows)
                windows.Gather(top + i, some, from, count, packed + i * _stride, _stride);
            if (_weights.Tiles.Moments)
            {
                var moments = TileLines(_momentRows, slot, first) + from;
                Digits.SumWeightedRows(source, stride, rows, LineMoments.Centre(_tile), count, sums);
                Digits.Split(sums, count, flip, moments, moments + _stride);
            }

            if (i == 0 && sums != null)
                new Span<short>(sums, count).Clear();
            PackSome(source + i * stride, stride, some, top + i, count, packed + i * _stride, neighbours is null ? sums : null);
            neighbours?.Add(packed + i * _stride, _stride, top + i, some, i, rows - i - some, sums);
        }

        neighbours?.Finish(sums);

        if (sums == null || !Cut.EndsTile(block))
            return;
        for (var other = block / Cut.TileParts * Cut.TileParts; other < block; other++)
        {
            WaitUntilPacked(other);
            PanelRowSums.Add(sums, PackedSums(other, worker), k);
        }

        var digits = TileLines(_digitRows, slot, first) + from;
        Digits.Split(sums, count, flip, digits, digits + _stride);
    }

    /// <summary>Packs some rows. Windows, which are gathered to where they are packed, meet few columns of digits meanwhile: later their bytes would come from the second-level cache once more.</summary>
    private void PackSome(sbyte* source, nint stride, int rows, int top, int count, sbyte* packed, short* sums)
    {
        var kernel = _weights.Kernel;
        if (!_meetsDigits)
        {
            ActivationRows.Pack(source, stride, rows, count, kernel.Flip, packed, _stride, sums);
            return;
        }

        RowBlock block = default;
        block.A = packed;
        (block.AStride, block.Rows, block.Flips) = (_stride, rows, true);
        Join(ref block, top, _weights.Along);
        PanelProduct.Multiply(kernel, _weights.Packed, _weights.Along, 0, block, 0, _weights.Groups);
        if (sums != null)
            ActivationRows.Add(packed, _stride, rows, count, kernel.Flip, sums);
    }

    /// <summary>Lines of digits of the tile that begins at a block's row.</summary>
    private sbyte* TileLines(sbyte* lines, int slot, int first) => lines + Digits.Count * (slot * _slotTiles + first / _tile) * _stride;

    /// <summary>Rows of a block times some panels. Where the block is one tile that is too long for the cache, its rows are taken in turns, the digit rows with the last.</summary>
    protected override void Multiply(in PanelShare share, int block, int slot)
    {
        var (packed, width) = (_weights.Packed, _weights.Kernel.Columns);
        var (top, bottom, ends) = (share.Top, share.Bottom, Cut.IsCopied ? share.Bottom == _shape.M || share.Bottom % Math.Max(1, _tile) == 0 : Cut.EndsTile(block));
        var met = _meetsDigits ? _weights.Along / width : TopPanel;
        for (var turn = top; turn < bottom; turn += Cut.TurnRows)
        {
            var last = turn + Cut.TurnRows >= bottom;
            var place = turn - Cut.Top(block);
            var rows = Rows(turn, Math.Min(Cut.TurnRows, bottom - turn), slot, place);
            // A turn that does not begin with the block goes on with its tile.
            rows.ColumnsBegun = turn > top;
            if (!Cut.IsCopied)
                place += slot * Cut.BlockRows;
            for (var panel = share.FirstPanel; panel < share.EndPanel; panel++)
            {
                if (panel >= TopPanel)
                {
                    _odd.Multiply(rows, place, panel - TopPanel);
                    continue;
                }

                if (panel >= met)
                    continue;
                var column = panel * width;
                var columns = column < _shape.N ? Math.Min(width, _shape.N - column) : packed.WidthAt(column);
                rows.Sums = _fused != 0 && column < _shape.N;
                var next = panel + 1 < share.EndPanel ? panel + 1 : share.NextPanel;
                rows.Next = next < met ? next * width : 0;
                // Digits of rows times digits of columns are wanted by nobody: these panels have no tiles.
                (rows.Tile, rows.CheckRows) = _tile == 0 || column >= _weights.DigitColumn ? (0, 0) : (_tile, last && ends ? Digits.Count : 0);
                if (rows.Sums)
                    Observe(ref rows, turn, place, column, share.Part >= 0 ? _partSums + (nint)share.Part * width : block % Cut.TileParts != 0 ? PartSums(block) + column : null);
                if (_weights.Kernel.JoinsDigits && _kinds == 1 && (rows.CheckRows > 0 || column >= _shape.N))
                    Join(ref rows, turn, column);
                PanelProduct.Multiply(_weights.Kernel, packed, column, columns, rows, 0, packed.Groups);
                if (_kinds > 1 && last && column < _shape.N)
                    MultiplyMoments(top, bottom - top, TileLines(_momentRows, slot, top - Cut.Top(block)), column);
                if (!_faults.IsEmpty && column < _shape.N)
                    ApplyFaults(rows, turn, column, columns);
                if (_tile != 0 && last && (ends || column >= _shape.N) && rows.Joined == null)
                    Expect(top, bottom - top, column, columns);
            }
        }
    }

    /// <summary>Some rows of C, which are packed from a place in a slot on.</summary>
    private RowBlock Rows(int row, int count, int slot, int place)
    {
        RowBlock rows = default;
        (rows.AStride, rows.Rows, rows.CStride) = (_stride, count, (nint)_cStride * sizeof(int));
        rows.ChecksStride = rows.CStride;
        rows.A = _rows + (slot * Cut.BlockRows + place) * _stride;
        rows.CheckA = _tile == 0 ? null : TileLines(_digitRows, slot, place);
        rows.CheckAStride = _stride;
        rows.C = _c + (nint)row * _cStride;
        rows.Checks = _tile == 0 ? null : CheckRow(0, row);
        return rows;
    }

    /// <summary>Where a tile's digit products stand below C.</summary>
    private int* CheckRow(int kind, int row) => _c + (nint)(_shape.M + Digits.Count * (kind * _tileRows + row / _tile)) * _cStride;

    /// <summary>Where a panel's observed sums go: those of the columns to their tile, unless they are a part's of its own.</summary>
    private void Observe(ref RowBlock rows, int row, int place, int column, int* partSums)
    {
        rows.ColumnSums = partSums == null ? _columnSums + (nint)(row / _tile) * _shape.N + column : partSums;
        rows.ColumnSumStride = (nint)_shape.N * sizeof(int);
        var panel = column / _weights.Kernel.Columns;
        rows.RowSums = _lineSums + (nint)(panel / _panelsOfLine) * _sumStride + place;
        rows.RowsBegun = panel % _panelsOfLine != 0;
        rows.RowSumStride = sizeof(int);
        rows.RowWeights = _odd.Weights(column % _tile);
    }

    /// <summary>Where a panel's expected sums go when the micro-kernel puts their digits together: those of the columns from its check rows, those of the rows from its own columns.</summary>
    private void Join(ref RowBlock rows, int top, int column)
    {
        var (tiles, n, line) = (_expected.TileColumns, _shape.N, (column - _weights.DigitColumn) / Digits.Count);
        rows.Joined = column < n ? _expectedColumns + (nint)(top / _tile) * n + column : _expectedRows + (nint)top * tiles + line;
        rows.JoinedStride = (nint)(column < n ? n : tiles) * sizeof(int);
        rows.JoinedColumns = column < n ? 0 : Math.Min(_weights.Packed.WidthAt(column) / Digits.Count, tiles - line);
    }

    private void MultiplyMoments(int top, int rows, sbyte* lines, int column)
    {
        RowBlock moments = default;
        (moments.AStride, moments.Rows, moments.CStride) = (_stride, Digits.Count * ((rows + _tile - 1) / _tile), (nint)_cStride * sizeof(int));
        moments.A = lines;
        moments.C = CheckRow(1, top);
        PanelProduct.Multiply(_weights.Kernel, _weights.Packed, column, _weights.Packed.WidthAt(column), moments, 0, _weights.Packed.Groups);
    }

    /// <summary>Puts a panel's digits together where the micro-kernel does not: those of the column sums stand in rows below the product, those of the row sums in columns beside it.</summary>
    private void Expect(int top, int rows, int column, int columns)
    {
        var (tiles, n, half) = (_expected.TileColumns, _shape.N, _weights.Packed.WidthAt(column) / Digits.Count);
        var line = (column - _weights.DigitColumn) / Digits.Count;
        for (var kind = 0; kind < _kinds; kind++)
        {
            int* rowSums = kind == 0 ? _expectedRows : _expectedRowMoments, columnSums = kind == 0 ? _expectedColumns : _expectedColumnMoments;
            for (var t = top / _tile; column < n && t * _tile < top + rows; t++)
                Digits.Join(CheckRow(kind, t * _tile) + column, _cStride, columnSums + (nint)t * n + column, columns);
            int first = Math.Max(line, kind * tiles), end = Math.Min(line + half, (kind + 1) * tiles);
            for (var i = top; column >= n && first < end && i < top + rows; i++)
                Digits.Join(_c + (nint)i * _cStride + column + first - line, half, rowSums + (nint)i * tiles + first - kind * tiles, end - first);
        }
    }

    /// <summary>Flips a panel's accumulators; what each flip changes, its sums change by too.</summary>
    private void ApplyFaults(in RowBlock rows, int top, int column, int width)
    {
        for (var block = top / FaultPlan.Block; block * FaultPlan.Block < top + rows.Rows; block++)
        {
            foreach (var flip in _faults.In(block, column / FaultPlan.Block))
            {
                // Rows and panels may be fewer and narrower than a block of the plan.
                if (flip.Row < top || flip.Row >= top + rows.Rows || flip.Column < column || flip.Column >= column + width)
                    continue;
                var flipped = _c[(nint)flip.Row * _cStride + flip.Column] ^= flip.Mask;
                if (!rows.Sums)
                    continue;
                var delta = flip.Delta(flipped);
                ((int*)rows.RowSums)[flip.Row - top] += delta * (rows.RowWeights == null ? 1 : rows.RowWeights[flip.Column - column]);
                ((int*)rows.ColumnSums)[(nint)(flip.Row / _tile - top / _tile) * _shape.N + flip.Column - column] += delta;
            }
        }
    }
}
