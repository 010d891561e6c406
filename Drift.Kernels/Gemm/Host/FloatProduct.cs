namespace Drift.Kernels;

/// <summary>
/// The fp32 product on several threads and with line sums; its loops are those of <see cref="HostProduct"/>. Expected sums are products like any other: A times the weights' summed rows
/// goes straight to the row sums; the summed rows of A stand behind their tiles, and their product with the weights goes straight to the column sums. A float sum has one order only, so the bits do not depend on the threads.
/// </summary>
internal sealed unsafe class FloatProduct : ParallelWork, IDisposable
{
    // Below this many multiply-accumulates a thread costs more than it brings.
    private const long LeastMacsPerThread = 1 << 18;

    // Rows of a block: enough to use a panel often before the next one comes.
    private const int BlockRows = 256, PartsPerThread = 16, PackRows = 32;
    private const int LanesBytes = MicroTile.Lanes * sizeof(float);

    // Windows are gathered this deep: with a block's rows less than half a second-level cache. Their rows do not share cache sets.
    private const int WindowDepth = 384, WindowStride = WindowDepth + MicroTile.Lanes;

    // Rows this far apart share a set of the first-level cache.
    private const int Conflict = 4096;

    private readonly HostScratch _memory = new();
    private FloatWeights _weights = null!;
    private FloatChecks? _checks;
    private MicroKernel _kernel = FloatKernels.Float;
    private int _m, _n, _k, _groups, _tile, _fused, _blockRows, _columnParts, _slabTop, _slabRows, _packRows;
    private float* _a, _rows, _c, _bias, _panels, _lines, _expectedRows, _expectedColumns, _observedRows, _observedColumns;
    private nint _aStride, _stride, _cStride, _workerBytes;
    private byte* _workers;
    private bool _packing, _packed;
    private WindowRows<float>? _windows;

    /// <summary>Runs a product whose operands have been checked.</summary>
    /// <param name="operands">The operands.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="faults">Flips.</param>
    /// <param name="checks">Takes sums; null for none.</param>
    /// <param name="pool">Lends threads.</param>
    /// <param name="threads">Most threads to use.</param>
    public void Run(in FloatOperands operands, FloatWeights weights, FaultPlan faults, FloatChecks? checks, WorkerPool pool, int threads)
    {
        (_weights, _checks, _m, _n, _k, _groups) = (weights, checks, operands.Rows, weights.N, weights.K, weights.Groups);
        if (operands.Convolution is not null && weights.Type != DotType.Float)
            throw new ArgumentException($"filters of {weights.N} x {weights.K} are rounded to bf16; convolutions run in fp32", nameof(weights));
        _kernel = FloatKernels.Of(weights.Type);
        (_tile, _aStride, _cStride) = (checks is null ? 0 : weights.Tile, operands.AStride, operands.CStride);
        _fused = _tile % MicroTile.Columns == 0 ? _tile : 0;
        threads = (int)Math.Min(Math.Min(threads, pool.Processors), Math.Max(1, (long)_m * _n * _k / LeastMacsPerThread));
        Resize(checks);
        var (expected, observed) = (checks?.Expected, checks?.Observed);
        fixed (float* expectedRows = expected is null ? default : expected.Rows, expectedColumns = expected is null ? default : expected.Columns)
        fixed (float* observedRows = observed is null ? default : observed.Rows, observedColumns = observed is null ? default : observed.Columns)
        fixed (float* a = operands.A, c = operands.C, bias = operands.Bias, panels = weights.Panels, lines = weights.Checks is { } own ? own.Lines.Panels : default)
        {
            _a = a;
            _c = c;
            _expectedRows = expectedRows;
            _expectedColumns = expectedColumns;
            _observedRows = observedRows;
            _observedColumns = observedColumns;
            _windows = operands.Convolution is { } convolution ? new WindowRows<float>(a, convolution, operands.Group) : null;
            Prepare(threads);
            // Flips come before the bias, and so do sums.
            var late = !faults.IsEmpty || (_tile != 0 && _fused == 0);
            _bias = late ? null : bias;
            _panels = panels;
            _lines = lines;
            var slab = _slabRows;
            for (_slabTop = 0; _slabTop < _m; _slabTop += slab)
            {
                _slabRows = Math.Min(slab, _m - _slabTop);
                _packing = true;
                if (_packed)
                    pool.Run(this, (_slabRows + _packRows - 1) / _packRows, threads);
                _packing = false;
                pool.Run(this, (_slabRows + _blockRows - 1) / _blockRows * _columnParts, threads);
            }

            if (_tile != 0 && _fused == 0)
                FloatObservation.All(c, _cStride, checks!.Observed);
            if (!faults.IsEmpty)
                Flip(faults);
            if (late && bias != null)
                AddBias(bias);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <inheritdoc/>
    protected internal override void Run(int part, int worker)
    {
        if (_packing)
            Pack(part);
        else
            Multiply(part, worker);
    }

    private void Prepare(int threads)
    {
        // Whole tiles, so that each has its block to itself.
        var unit = _tile == 0 ? PackRows : _tile;
        _blockRows = Math.Max(unit, BlockRows / unit * unit);
        _blockRows = Math.Min(_blockRows, (_m + unit - 1) / unit * unit);
        // Windows are gathered by who multiplies them, so nothing has to be ready before.
        _slabRows = _windows is null ? Math.Min(_m, _blockRows * threads) : _m;
        _packRows = _tile == 0 ? PackRows : _tile;
        _packed = _windows is null && (_tile != 0 || _weights.Type != DotType.Float || (_aStride * sizeof(float) % Conflict == 0 && _m > MicroTile.MostRows));
        _stride = ActivationRows.Stride((nint)_groups * MicroTile.GroupBytes) / MicroTile.GroupBytes;
        var blocks = (_slabRows + _blockRows - 1) / _blockRows;
        // Who takes a part of the columns gathers all windows of the block again.
        _columnParts = threads == 1 ? 1 : Math.Min(Units, ((_windows is null ? PartsPerThread : 1) * threads + blocks - 1) / blocks);
        var slabTiles = _tile == 0 ? 0 : (_slabRows + _tile - 1) / _tile;
        _workerBytes = _fused == 0 ? 0 : LanesBytes * _blockRows;
        if (_windows is not null)
            _workerBytes += Packed(_blockRows) * WindowStride * sizeof(float);
        var packed = _packed ? (_slabRows + slabTiles) * _stride : 0;
        _rows = (float*)_memory.Take(packed * sizeof(float) + _workerBytes * threads);
        _workers = (byte*)(_rows + packed);
    }

    /// <summary>Rows that stand before a row where A is packed or gathered for checks: each tile has its summed row behind it.</summary>
    private nint Packed(int row) => row + (_tile == 0 ? 0 : (row + _tile - 1) / _tile);

    private void Resize(FloatChecks? checks)
    {
        if (checks is null || _weights.Checks is not { } own)
            return;
        checks.Expected.Resize(_m, _n, _tile);
        checks.Observed.Resize(_m, _n, _tile);
        checks.Activations.Resize(_m);
        checks.SummedActivations.Resize(checks.Expected.TileRows);
        (checks.Weights, checks.SummedWeights) = (own.Weights, own.Summed);
    }

    private int PanelsOfUnit => Math.Max(1, _fused / MicroTile.Columns);

    private int Panels => (_n + MicroTile.Columns - 1) / MicroTile.Columns;

    private int Units => (Panels + PanelsOfUnit - 1) / PanelsOfUnit;

    /// <summary>Copies a tile's rows and sums them.</summary>
    private void Pack(int part)
    {
        var top = part * _packRows;
        var count = Math.Min(_packRows, _slabRows - top);
        float* source = _a + (_slabTop + top) * _aStride, target = _rows + Packed(top) * _stride;
        if (_weights.Type == DotType.Bfloat16)
        {
            for (var i = 0; i < count; i++)
                Bfloat16Rows.Pack(source + i * _aStride, _k, (int*)(target + i * _stride));
            return;
        }

        if (_tile == 0)
        {
            FloatRows.Pack(source, _aStride, count, _k, target, _stride, null, null, null);
            return;
        }

        var (statistics, tiles, tile) = (_checks!.Activations, _checks.SummedActivations, (_slabTop + top) / _tile);
        var columns = target + count * _stride;
        fixed (float* sums = statistics.Sums, squares = statistics.Squares)
            FloatRows.Pack(source, _aStride, count, _k, target, _stride, columns, sums + _slabTop + top, squares + _slabTop + top);
        FloatRows.Measure(columns, _k, out tiles.Sums[tile], out tiles.Squares[tile]);
    }

    /// <summary>A block of rows times some panels, K in pieces that leave the block in the second-level cache.</summary>
    private void Multiply(int part, int worker)
    {
        var (block, share) = (part / _columnParts, part % _columnParts);
        var (packed, unit, top) = (_weights.Pack(_panels), PanelsOfUnit, block * _blockRows);
        int first = Units * share / _columnParts * unit, end = Math.Min(Panels, Units * (share + 1) / _columnParts * unit);
        var rows = Rows(top, Math.Min(_blockRows, _slabRows - top), worker);
        var windows = (float*)((byte*)rows.RowLanes + (_fused == 0 ? 0 : LanesBytes * _blockRows));
        // Windows come in pieces of one size, for their statistics depend on where they are cut.
        var pieces = _windows is null ? (int)(((long)rows.Rows * _groups * MicroTile.GroupBytes + CacheSizes.BlockBytes - 1) / CacheSizes.BlockBytes) : (_k + WindowDepth - 1) / WindowDepth;
        for (var piece = 0; piece < pieces; piece++)
        {
            int from = (int)((long)_groups * piece / pieces), to = (int)((long)_groups * (piece + 1) / pieces);
            if (_windows is { } source)
            {
                Gather(source, windows, top, rows.Rows, from, to, share == 0);
                rows.A = windows - from;
            }

            rows.Sums = to == _groups && _fused != 0;
            for (var panel = first; panel < end; panel++)
            {
                var column = panel * MicroTile.Columns;
                var width = Math.Min(MicroTile.Columns, _n - column);
                if (rows.Sums)
                    Observe(ref rows, _slabTop + top, column, width);
                PanelProduct.Multiply(_kernel, packed, column, width, rows, from, to);
            }

            if (share == 0 && _tile != 0)
                ExpectRows(rows, _slabTop + top, from, to);
        }
    }

    private RowBlock Rows(int top, int count, int worker)
    {
        RowBlock rows = default;
        rows.A = _packed ? _rows + Packed(top) * _stride : _a + (_slabTop + top) * _aStride;
        rows.AStride = (_windows is not null ? WindowStride : _packed ? _stride : _aStride) * sizeof(float);
        rows.C = _c + (_slabTop + top) * _cStride;
        (rows.Rows, rows.CStride) = (count, _cStride * sizeof(float));
        rows.Bias = _bias;
        rows.RowLanes = _workers + worker * _workerBytes;
        if (_tile == 0)
            return rows;
        (rows.Tile, rows.CheckRows, rows.ChecksStride) = (_tile, 1, (nint)_n * sizeof(float));
        rows.Checks = _expectedColumns + (nint)((_slabTop + top) / _tile) * _n;
        return rows;
    }

    /// <summary>Where a panel's observed sums go.</summary>
    private void Observe(ref RowBlock rows, int top, int column, int width)
    {
        var tileColumns = (_n + _tile - 1) / _tile;
        rows.ColumnSums = _observedColumns + (nint)(top / _tile) * _n + column;
        rows.ColumnSumStride = (nint)_n * sizeof(float);
        rows.LanesBegun = column % _tile != 0;
        rows.RowSums = column + width == _n || (column + width) % _tile == 0 ? _observedRows + (nint)top * tileColumns + column / _tile : null;
        rows.RowSumStride = (nint)tileColumns * sizeof(float);
    }

    /// <summary>Gathers a block's windows, each tile's with its summed row behind it; who has the first panels adds to the statistics too.</summary>
    private void Gather(in WindowRows<float> source, float* windows, int top, int count, int from, int to, bool counts)
    {
        var unit = _tile == 0 ? count : _tile;
        float* sums = stackalloc float[_tile == 0 ? 0 : Math.Min(_tile, count)], squares = stackalloc float[_tile == 0 ? 0 : Math.Min(_tile, count)];
        for (var row = 0; row < count; row += unit)
        {
            var (height, first, depth) = (Math.Min(unit, count - row), _slabTop + top + row, to - from);
            var part = windows + Packed(row) * WindowStride;
            source.Gather(first, height, from, depth, part, WindowStride);
            if (_tile == 0)
                continue;
            var line = part + height * WindowStride;
            FloatRows.Pack(part, WindowStride, height, depth, part, WindowStride, line, sums, squares);
            if (!counts)
                continue;
            var (statistics, tiles, tile) = (_checks!.Activations, _checks.SummedActivations, first / _tile);
            for (var i = 0; i < height; i++)
                Count(statistics, first + i, sums[i], squares[i], from == 0);
            FloatRows.Measure(line, depth, out var sum, out var square);
            Count(tiles, tile, sum, square, from == 0);
        }
    }

    private static void Count(LineStatistics statistics, int line, float sum, float square, bool begin)
    {
        statistics.Sums[line] = begin ? sum : statistics.Sums[line] + sum;
        statistics.Squares[line] = begin ? square : statistics.Squares[line] + square;
    }

    /// <summary>Rows of A times the weights' summed rows.</summary>
    private void ExpectRows(in RowBlock rows, int top, int from, int to)
    {
        var tiles = (_n + _tile - 1) / _tile;
        RowBlock part = default;
        (part.AStride, part.CStride) = (rows.AStride, (nint)tiles * sizeof(float));
        for (var row = 0; row < rows.Rows; row += _tile)
        {
            part.Rows = Math.Min(_tile, rows.Rows - row);
            part.A = (byte*)rows.A + Packed(row) * rows.AStride;
            part.C = _expectedRows + (nint)(top + row) * tiles;
            for (var column = 0; column < tiles; column += MicroTile.Columns)
                PanelProduct.Multiply(_kernel, _weights.Checks!.Lines.Pack(_lines), column, Math.Min(MicroTile.Columns, tiles - column), part, from, to);
        }
    }

    /// <summary>Flips values, and sums the tiles that they lie in again.</summary>
    private void Flip(FaultPlan faults)
    {
        foreach (var flip in faults.All)
            ((int*)_c)[flip.Row * _cStride + flip.Column] ^= flip.Mask;
        if (_tile == 0)
            return;
        foreach (var (row, column) in faults.All.ToArray().Select(flip => (flip.Row / _tile, flip.Column / _tile)).Distinct())
            FloatObservation.Tile(_c, _cStride, _checks!.Observed, row, column);
    }

    private void AddBias(float* bias)
    {
        for (var i = 0; i < _m; i++)
        {
            for (var j = 0; j < _n; j++)
                _c[i * _cStride + j] += bias[j];
        }
    }
}
