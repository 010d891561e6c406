namespace Drift.Kernels;

/// <summary>
/// The fp32 product on several threads and with line sums, and the bf16 one. Blocks of rows meet the panels of weights, K in pieces, each of which is made ready by who multiplies it and then
/// stays in a second-level cache. Expected sums are products like any other: A times the weights' summed rows goes straight to the row sums; the summed rows of A are multiplied with their
/// tiles' rows, straight to the column sums. A float sum has one order only, so the bits do not depend on the threads.
/// </summary>
internal sealed unsafe class FloatProduct : ParallelWork, IDisposable
{
    // Below this many multiply-accumulates a thread costs more than it brings.
    private const long LeastMacsPerThread = 1 << 18;

    // Rows of a block: enough to use a panel often before the next one comes. Each thread has some parts more than one, so that one that others slow down does fewer.
    private const int MostRows = 256, RowUnit = 32, PartsPerThread = 16;

    // With fewer, threads share a block's columns.
    private const int LeastRowsPerThread = 96;

    // A thread may have this part of the rows more than it should.
    private const int LeastUneven = 8;

    // Groups of K of a piece: with a block's rows half a second-level cache of 1 MB. One number everywhere, for sums over K depend on where they are cut. Rows do not share cache sets.
    private const int Depth = 512, Stride = Depth + MicroTile.Lanes;
    private const int LanesBytes = MicroTile.Lanes * sizeof(float);

    // Rows this far apart share a set of the first-level cache.
    private const int Conflict = 4096;

    private readonly HostScratch _memory = new();
    private FloatWeights _weights = null!;
    private FloatChecks? _checks;
    private MicroKernel _kernel = FloatKernels.Float;
    private FaultPlan _faults;
    private int _m, _n, _k, _groups, _tile, _fused, _blockRows, _columnParts;
    private float* _a, _c, _bias, _lateBias, _panels, _lines, _twice, _expectedRows, _expectedColumns, _observedRows, _observedColumns;
    private nint _aStride, _cStride, _workerBytes;
    private byte* _workers;
    private bool _copies, _pairs;
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
        (_weights, _faults, _checks, _m, _n, _k, _groups) = (weights, faults, checks, operands.Rows, weights.N, weights.K, weights.Groups);
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
        fixed (float* a = operands.A, c = operands.C, bias = operands.Bias, panels = weights.Panels, lines = weights.Checks is { } own ? own.Lines.Panels : default, twice = weights.Checks?.Twice is { } doubled ? doubled.Span : default)
        {
            _a = a;
            _c = c;
            _expectedRows = expectedRows;
            _expectedColumns = expectedColumns;
            _observedRows = observedRows;
            _observedColumns = observedColumns;
            _windows = operands.Convolution is { } convolution ? new WindowRows<float>(a, convolution, operands.Group) : null;
            _panels = panels;
            _lines = lines;
            _twice = twice;
            // Flips come before the bias, and so do sums. Sums of a tile that ends inside a panel are taken over the whole product.
            var afterwards = _tile != 0 && _fused == 0;
            _bias = faults.IsEmpty && !afterwards ? bias : null;
            _lateBias = _bias == null && !afterwards ? bias : null;
            Plan(threads);
            pool.Run(this, (_m + _blockRows - 1) / _blockRows * _columnParts, threads);
            if (!afterwards)
                return;
            FloatObservation.All(c, _cStride, checks!.Observed);
            if (bias != null)
                AddBias(bias, 0, _m, 0, _n);
        }
    }

    /// <summary>Lets go of the operands of the last call.</summary>
    public void Forget() => (_weights, _checks, _faults, _windows) = (null!, null, default, null);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>A block of rows times some panels, K in pieces that leave the block in the second-level cache.</summary>
    protected internal override void Run(int part, int worker)
    {
        var (block, share) = (part / _columnParts, part % _columnParts);
        var (packed, unit, top) = (_weights.Pack(_panels), PanelsOfUnit, block * _blockRows);
        int first = Units * share / _columnParts * unit, end = Math.Min(Panels, Units * (share + 1) / _columnParts * unit);
        var rows = Rows(top, Math.Min(_blockRows, _m - top), worker);
        var pieces = (_groups + Depth - 1) / Depth;
        for (var piece = 0; piece < pieces; piece++)
        {
            int from = (int)((long)_groups * piece / pieces), to = (int)((long)_groups * (piece + 1) / pieces);
            Prepare(ref rows, top, from, to, worker, share == 0);
            rows.Sums = to == _groups && _fused != 0;
            for (var panel = first; panel < end; panel++)
            {
                var column = panel * MicroTile.Columns;
                var width = Math.Min(MicroTile.Columns, _n - column);
                if (rows.Sums)
                    Observe(ref rows, top, column, width);
                // After the last panel the first one, for the next piece; in the end the panels of the next part, mostly the same thread's. Panel 0 is never asked for.
                var (next, group) = panel + 1 < end ? (panel + 1, from) : to < _groups ? (first, to) : (end < Panels ? end : 0, 0);
                (rows.Next, rows.NextGroup) = (next * MicroTile.Columns, group);
                PanelProduct.Multiply(_kernel, packed, column, width, rows, from, to);
                if (to == _groups && !_faults.IsEmpty)
                    Flip(top, rows.Rows, column, width);
            }

            if (share == 0 && _tile != 0)
                ExpectRows(rows, top, from, to);
        }
    }

    /// <summary>Cuts the product into blocks and parts, and lays out the memory.</summary>
    private void Plan(int threads)
    {
        _copies = _windows is not null || _weights.Type != DotType.Float || (_aStride * sizeof(float) % Conflict == 0 && _m > MicroTile.MostRows);
        // Two rows share the vectors of few check columns, where they stand side by side; rows in pairs cost the other products nothing.
        _pairs = _copies && _windows is null && _twice != null && _tile % 2 == 0 && _kernel.TakesPairs;
        // Whole tiles, so that each has its block to itself. Who shares a block's columns makes its rows ready again: there are blocks for all threads then, where tiles allow it.
        var (unit, shared) = (_tile == 0 ? RowUnit : _tile, threads > 1 && !_copies && _tile == 0 && _m < LeastRowsPerThread * threads);
        var most = Math.Max(unit, MostRows / unit * unit);
        var blocks = (_m + most - 1) / most;
        if (!shared)
            blocks = (blocks + threads - 1) / threads * threads;
        _blockRows = Math.Min(most, ((_m + blocks - 1) / blocks + unit - 1) / unit * unit);
        blocks = (_m + _blockRows - 1) / _blockRows;
        // Where blocks come out too unlike for that, their columns are shared after all.
        var longest = (blocks + threads - 1) / threads * _blockRows;
        _columnParts = shared ? Math.Min(Units, (PartsPerThread * threads + blocks - 1) / blocks) : longest * threads <= _m + _m / LeastUneven ? 1 : Math.Min(Units, threads);
        var lines = (_copies ? _blockRows : 0) + (_tile == 0 ? 0 : _blockRows / _tile);
        _workerBytes = Lanes + lines * Stride * sizeof(float);
        _workers = _memory.Take(_workerBytes * threads);
    }

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

    /// <summary>Bytes of the lanes of a block's rows; between products, there is room for the rows' sums.</summary>
    private int Lanes => _tile == 0 ? 0 : LanesBytes * _blockRows;

    private int PanelsOfUnit => Math.Max(1, _fused / MicroTile.Columns);

    private int Panels => (_n + MicroTile.Columns - 1) / MicroTile.Columns;

    private int Units => (Panels + PanelsOfUnit - 1) / PanelsOfUnit;

    private RowBlock Rows(int top, int count, int worker)
    {
        RowBlock rows = default;
        rows.A = _a + top * _aStride;
        rows.AStride = (_copies ? Stride : _aStride) * sizeof(float);
        rows.PairStride = _pairs ? 2 * rows.AStride : 0;
        rows.C = _c + top * _cStride;
        (rows.Rows, rows.CStride) = (count, _cStride * sizeof(float));
        rows.Bias = _bias;
        rows.RowLanes = _workers + worker * _workerBytes;
        if (_tile == 0)
            return rows;
        (rows.Tile, rows.CheckRows, rows.CheckAStride, rows.ChecksStride) = (_tile, 1, Stride * sizeof(float), (nint)_n * sizeof(float));
        rows.Checks = _expectedColumns + (nint)(top / _tile) * _n;
        return rows;
    }

    /// <summary>Where a panel's observed sums go.</summary>
    private void Observe(ref RowBlock rows, int top, int column, int width)
    {
        var tileColumns = (_n + _tile - 1) / _tile;
        rows.ColumnSums = _observedColumns + (nint)(top / _tile) * _n + column;
        rows.ColumnSumStride = (nint)_n * sizeof(float);
        rows.RowsBegun = column % _tile != 0;
        rows.RowSums = column + width == _n || (column + width) % _tile == 0 ? _observedRows + (nint)top * tileColumns + column / _tile : null;
        rows.RowSumStride = (nint)tileColumns * sizeof(float);
    }

    /// <summary>A piece of a block's rows where the micro-kernel can have them, and its tiles' summed rows; who has the first panels adds to the statistics too.</summary>
    private void Prepare(ref RowBlock rows, int top, int from, int to, int worker, bool counts)
    {
        var copies = (float*)(_workers + worker * _workerBytes + Lanes);
        var lines = copies + (_copies ? _blockRows * Stride : 0);
        if (_copies)
            rows.A = copies - (_pairs ? 2 * from : from);
        rows.CheckA = lines - from;
        var unit = _tile == 0 ? rows.Rows : _tile;
        for (var row = 0; row < rows.Rows && (_copies || _tile != 0); row += unit, lines += Stride)
        {
            var height = Math.Min(unit, rows.Rows - row);
            var part = copies + row * Stride;
            if (_tile == 0)
                Copy(top + row, height, from, to, part);
            else
                Sum(top + row, height, from, to, _copies ? part : null, lines, counts ? (float*)rows.RowLanes : null);
        }
    }

    /// <summary>Copies rows: windows, rounded values, or rows that would share cache sets where they are.</summary>
    private void Copy(int top, int count, int from, int to, float* target)
    {
        if (_windows is { } windows)
        {
            windows.Gather(top, count, from, to - from, target, Stride);
            return;
        }

        var source = _a + top * _aStride;
        if (_weights.Type == DotType.Float)
        {
            FloatRows.Copy(source + from, _aStride, count, to - from, target, Stride);
            return;
        }

        var first = from * _kernel.Depth;
        for (var i = 0; i < count; i++)
            Bfloat16Rows.Pack(source + i * _aStride + first, Math.Min(_k, to * _kernel.Depth) - first, (int*)(target + i * Stride));
    }

    /// <summary>Sums a tile's rows, and copies them where they are not multiplied in their place; their own sums are taken in some memory, if any, and added to the statistics.</summary>
    private void Sum(int top, int count, int from, int to, float* target, float* line, float* sums)
    {
        var (source, stride, depth) = ((nint)(_a + top * _aStride + from), _aStride, to - from);
        if (_windows is { } windows)
        {
            windows.Gather(top, count, from, depth, target, Stride);
            (source, stride) = ((nint)target, Stride);
            target = null;
        }

        FloatRows.Sum((float*)source, stride, count, depth, target, Stride, _pairs, line, sums);
        if (sums == null)
            return;
        var (statistics, tiles, begin) = (_checks!.Activations, _checks.SummedActivations, from == 0);
        for (var i = 0; i < count; i++)
            Count(statistics, top + i, sums[i], sums[count + i], begin);
        FloatRows.Measure(line, depth, out var sum, out var square);
        Count(tiles, top / _tile, sum, square, begin);
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
        (part.AStride, part.Rows, part.CStride) = (rows.AStride, rows.Rows, (nint)tiles * sizeof(float));
        part.A = rows.A;
        part.C = _expectedRows + (nint)top * tiles;
        if (_pairs)
        {
            part.PairStride = rows.PairStride;
            PanelProduct.MultiplyPairs(_kernel, _twice, tiles, part, from, to);
            return;
        }

        for (var column = 0; column < tiles; column += MicroTile.Columns)
            PanelProduct.Multiply(_kernel, _weights.Checks!.Lines.Pack(_lines), column, Math.Min(MicroTile.Columns, tiles - column), part, from, to);
    }

    /// <summary>Flips a panel's values; with a tile's last panel the tiles that have any are summed again; then the bias is added, which no flip and no sum knows.</summary>
    private void Flip(int top, int count, int column, int width)
    {
        for (var block = top / FaultPlan.Block; block * FaultPlan.Block < top + count; block++)
        {
            foreach (var flip in _faults.In(block, column / FaultPlan.Block))
            {
                if (flip.Row >= top && flip.Row < top + count)
                    ((int*)_c)[flip.Row * _cStride + flip.Column] ^= flip.Mask;
            }
        }

        var (left, right) = (_fused == 0 ? column : column / _tile * _tile, column + width);
        if (_fused != 0 && right != _n && right % _tile != 0)
            return;
        for (var row = top; _fused != 0 && row < top + count; row += _tile)
        {
            if (Flips(row, Math.Min(row + _tile, top + count), left, right))
                FloatObservation.Tile(_c, _cStride, _checks!.Observed, row / _tile, left / _tile);
        }

        if (_lateBias != null)
            AddBias(_lateBias, top, count, left, right);
    }

    private bool Flips(int top, int bottom, int left, int right)
    {
        var any = false;
        for (var i = top / FaultPlan.Block; i * FaultPlan.Block < bottom && !any; i++)
        {
            for (var j = left / FaultPlan.Block; j * FaultPlan.Block < right && !any; j++)
                any = !_faults.In(i, j).IsEmpty;
        }

        return any;
    }

    private void AddBias(float* bias, int top, int count, int left, int right)
    {
        var part = new ReadOnlySpan<float>(bias + left, right - left);
        for (var i = top; i < top + count; i++)
            Activation.Add(new Span<float>(_c + i * _cStride + left, right - left), part);
    }
}
