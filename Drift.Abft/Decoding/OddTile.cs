using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The flips of one tile whose rows are summed with odd weights. A row with one flip names bit and place itself, and the columns confirm it: first all rows at once, where what they name adds up to what the columns show.
/// The rows that are left have several flips, share a column, or had a bit so high that its weight passed 2^32: <see cref="OddTileSearch"/> makes them up of what the columns still show.
/// </summary>
internal sealed unsafe class OddTile
{
    private const int Most = OddWeights.LargestTile, Lanes = LaneLists.Lanes;

    // Where a row is filed that names no place.
    private const int Nowhere = Most;

    // More are never noted in a tile: a row has at most so many, and as often one beyond its bound.
    private const int MostPlaced = 2 * Most * OddTileSearch.MostFlips + Lanes;

    // Beyond it an odd number of up to 255 times the bit may pass 2^31, and is no more to be told from a negative one.
    internal const int HighestNamed = 23;

    // Whole vectors are read and written behind the last row and the last column.
    private readonly int[] _memory;
    private readonly int* _rows, _deviations, _places, _changes, _columns, _tally, _deviating, _flipRows, _flipColumns, _flipChanges;
    private readonly OddTileSearch _search = new();
    private int* _first;
    private nint _stride;
    private int _left, _width, _top, _height, _open, _count, _bound;

    public OddTile()
    {
        const int Line = Most + Lanes;
        _memory = LaneLists.Allocate(7 * Line + 3 * MostPlaced, out _rows);
        _deviations = _rows + Line;
        _places = _deviations + Line;
        _changes = _places + Line;
        _columns = _changes + Line;
        _tally = _columns + Line;
        _deviating = _tally + Line;
        _flipRows = _deviating + Line;
        _flipColumns = _flipRows + MostPlaced;
        _flipChanges = _flipColumns + MostPlaced;
    }

    /// <summary>Tile counted from the top.</summary>
    public int TileRow { get; private set; }

    /// <summary>Tile counted from the left.</summary>
    public int TileColumn { get; private set; }

    /// <summary>The rows that stay open, in the product; empty where all are explained.</summary>
    public ReadOnlySpan<int> OpenRows => new(_rows, _open);

    /// <summary>What the columns still show.</summary>
    public Span<int> Columns => new(_columns, _width);

    /// <summary>Whether all lines are explained.</summary>
    public bool IsClosed => _open == 0 && !Columns.ContainsAnyExcept(0);

    /// <summary>
    /// Whether two flips of a high bit may cancel in a row, in columns that still show one: an odd weight more or less another is a multiple of 2^(32 - b). Such a row deviates nowhere and is not open.
    /// </summary>
    public bool MayHide
    {
        get
        {
            var columns = DeviatingColumns();
            for (var i = 0; i < columns.Length; i++)
            {
                var one = columns[i];
                for (var j = i + 1; HighBits(one) != 0 && j < columns.Length; j++)
                {
                    var two = columns[j];
                    for (var bits = HighBits(one) & HighBits(two); bits != 0; bits &= bits - 1)
                    {
                        var least = 1u << (32 - BitOperations.TrailingZeroCount(bits));
                        if (((uint)(OddWeights.Of(one) + OddWeights.Of(two)) & (least - 1)) == 0 || ((uint)(OddWeights.Of(two) - OddWeights.Of(one)) & (least - 1)) == 0)
                            return true;
                    }
                }
            }

            return false;
        }
    }

    /// <summary>Finds those of a tile's flips that its sums tell at once, and asks for their accumulators: the product wrote those long ago, and they are in no near cache any more.</summary>
    /// <param name="product">The product.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    /// <returns>Whether anything deviates.</returns>
    public bool Begin(in SuspectProduct product, int tileRow, int tileColumn)
    {
        var (sums, (_, n, k)) = (product.Deviations, product.Output.Shape);
        (TileRow, TileColumn, _count) = (tileRow, tileColumn, 0);
        (_left, _width) = (tileColumn * sums.Tile, Math.Min(sums.Tile, n - tileColumn * sums.Tile));
        // Accumulators are no managed memory.
        _first = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(product.Output.Accumulators)) + _left;
        _stride = product.Output.Stride;
        (_top, _height) = (tileRow * sums.Tile, Math.Min(sums.Tile, sums.M - tileRow * sums.Tile));
        // No sum of K products of two INT8 values exceeds it.
        _bound = (int)Math.Min(int.MaxValue, (long)k << 14);
        sums.Columns.Slice(tileRow * n + _left, _width).CopyTo(new Span<int>(_columns, _width));
        new Span<int>(_columns + _width, Most + Lanes - _width).Clear();
        ListRows(sums);
        if (_open == 0 && !Columns.ContainsAnyExcept(0))
            return false;
        PlaceAlone();
        _search.Begin(this);
        return true;
    }

    /// <summary>Finds the others.</summary>
    public void Finish()
    {
        _search.Settle();
        if (!IsClosed && PlaceBeyondBound())
        {
            _search.Begin(this);
            _search.Settle();
        }
    }

    /// <summary>Takes the flips back whose accumulators bear them. A row of which one does not is open again.</summary>
    /// <param name="corrections">Takes the right values.</param>
    /// <param name="next">The tile that comes next. Its accumulators are asked for, one at a time: a processor waits for no more than a few. Behind the last tile it is one that is over, perhaps of another product: to ask for an address that holds nothing any more is no fault.</param>
    public void TakeBack(Corrections corrections, OddTile next)
    {
        var ahead = 0;
        for (var flip = 0; flip < _count; flip++)
        {
            if (ahead < next._count)
                next.FetchFlip(ahead++);
            var (row, column, change) = (_flipRows[flip], _flipColumns[flip], _flipChanges[flip]);
            var held = Accumulator(row, column);
            if (Bears(held, change))
                corrections.Replace(row, _left + column, held - change);
            else if (!OpenRows.Contains(row))
                _rows[_open++] = row;
        }

        for (; ahead < next._count; ahead++)
            next.FetchFlip(ahead);
    }

    /// <summary>Rows that are open.</summary>
    internal int Open => _open;

    /// <summary>Flips that are placed.</summary>
    internal int Count => _count;

    /// <summary>By how much sixteen rows deviate, of which those after the open ones do not.</summary>
    internal Vector512<int> Deviations(int row) => Vector512.Load(_deviations + row);

    /// <summary>The columns that deviate. Found without branches, since which ones do is chance.</summary>
    internal ReadOnlySpan<int> DeviatingColumns()
    {
        var count = 0;
        for (var column = 0; column < _width; column += Lanes)
        {
            var deviate = ~Vector512.Equals(Vector512.Load(_columns + column), Vector512<int>.Zero);
            count += LaneLists.Pack(Vector512.Create(column) + Vector512<int>.Indices, deviate, _deviating + count);
        }

        return new(_deviating, count);
    }

    /// <summary>By how much an open row deviates.</summary>
    internal int Deviation(int row) => _deviations[row];

    /// <summary>Whether an accumulator of an open row may have been changed so.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="column">Column in the tile.</param>
    /// <param name="change">Plus or minus a power of two below 2^31.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Bears(int row, int column, int change) => Bears(Accumulator(_rows[row], column), change);

    /// <summary>Whether an accumulator of an open row is at least half a change in size.</summary>
    internal bool IsLarge(int row, int column, int change) => 2 * LineWeight.Size(Accumulator(_rows[row], column)) >= LineWeight.Size(change);

    /// <summary>Where an open row says that its one flip is; -1 where it has none, or several.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="change">By how much the flip changed its accumulator.</param>
    internal int PlaceOf(int row, out int change)
    {
        var deviation = _deviations[row];
        var bit = BitOperations.TrailingZeroCount(deviation);
        change = deviation < 0 ? -(1 << bit) : 1 << bit;
        var place = (int)(LineWeight.Size(deviation) >> bit) >> 1;
        return bit <= HighestNamed && place < _width ? place : -1;
    }

    /// <summary>Whether an open row names a place where its one flip may be.</summary>
    internal bool NamesPlace(int row)
    {
        var place = PlaceOf(row, out var change);
        return place >= 0 && Bears(row, place, change);
    }

    /// <summary>Notes a flip of an open row.</summary>
    internal void Place(int row, int column, int change) => Place(row, column, change, ~0);

    /// <summary>Notes a flip of an open row, or none.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="column">Column in the tile.</param>
    /// <param name="change">Plus or minus a power of two.</param>
    /// <param name="whether">All bits set, or none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Place(int row, int column, int change, int whether)
    {
        (_flipRows[_count], _flipColumns[_count], _flipChanges[_count]) = (_rows[row], column, change);
        _count -= whether;
        change &= whether;
        _deviations[row] -= change * OddWeights.Of(column);
        _columns[column] -= change;
    }

    /// <summary>Forgets the open rows that deviate no more.</summary>
    internal void DropClosed()
    {
        var open = 0;
        for (var row = 0; row < _open; row += Lanes)
        {
            var deviations = Vector512.Load(_deviations + row);
            var stays = ~Vector512.Equals(deviations, Vector512<int>.Zero);
            LaneLists.Pack(Vector512.Load(_rows + row), stays, _rows + open);
            open += LaneLists.Pack(deviations, stays, _deviations + open);
        }

        SetOpen(open);
    }

    /// <summary>The rows that deviate.</summary>
    private void ListRows(LineSums sums)
    {
        var (across, open) = (sums.TileColumns, 0);
        fixed (int* first = sums.Rows[(_top * across + TileColumn)..])
        {
            for (var row = 0; row < _height; row += Lanes)
            {
                var rows = Vector512.Create(row) + Vector512<int>.Indices;
                var there = Vector512.LessThan(rows, Vector512.Create(_height));
                // Lanes behind the last row repeat it.
                var deviations = LaneLists.Take(first, Vector512.Min(rows, Vector512.Create(_height - 1)) * across);
                var deviate = Vector512.AndNot(there, Vector512.Equals(deviations, Vector512<int>.Zero));
                LaneLists.Pack(deviations, deviate, _deviations + open);
                open += LaneLists.Pack(Vector512.Create(_top) + rows, deviate, _rows + open);
            }
        }

        SetOpen(open);
    }

    /// <summary>Takes note of how many rows are open; those behind them do not deviate.</summary>
    private void SetOpen(int open)
    {
        _open = open;
        Vector512<int>.Zero.Store(_deviations + open);
    }

    /// <summary>Rows that name a place, all at once and without branches, since which rows have one flip is chance: those are right whose changes add up to what their column shows.</summary>
    private void PlaceAlone()
    {
        new Span<int>(_tally, Most + Lanes).Clear();
        for (var row = 0; row < _open; row += Lanes)
            NamePlaces(row);
        for (var row = 0; row < _open; row++)
            _tally[_places[row]] += _changes[row];

        // Nowhere is no column.
        _columns[Nowhere] = _tally[Nowhere] + 1;
        var (open, count) = (0, 0);
        for (var row = 0; row < _open; row += Lanes)
        {
            Vector512<int> places = Vector512.Load(_places + row), rows = Vector512.Load(_rows + row), deviations = Vector512.Load(_deviations + row);
            var agrees = Vector512.Equals(LaneLists.Take(_tally, places), LaneLists.Take(_columns, places));
            LaneLists.Pack(rows, agrees, _flipRows + count);
            LaneLists.Pack(Vector512.Load(_changes + row), agrees, _flipChanges + count);
            count += LaneLists.Pack(places, agrees, _flipColumns + count);
            // What is behind the last row does not deviate.
            var stays = ~(agrees | Vector512.Equals(deviations, Vector512<int>.Zero));
            LaneLists.Pack(rows, stays, _rows + open);
            open += LaneLists.Pack(deviations, stays, _deviations + open);
        }

        _count = count;
        SetOpen(open);
        for (var j = 0; j < _width; j += Lanes)
        {
            Vector512<int> shown = Vector512.Load(_columns + j), named = Vector512.Load(_tally + j);
            Vector512.AndNot(shown, Vector512.Equals(shown, named)).Store(_columns + j);
        }
    }

    /// <summary>Where sixteen rows say that their one flip is, if it is one. Floats hold an odd number of up to 255 times a power of two as it is.</summary>
    private void NamePlaces(int row)
    {
        var deviations = Vector512.Load(_deviations + row);
        var bits = deviations & -deviations;
        var exponents = (Vector512.ConvertToSingle(bits).AsInt32() >> 23) - Vector512.Create(127);
        var odd = Vector512.ConvertToInt32(Vector512.ConvertToSingle(deviations) * ((Vector512.Create(127) - exponents) << 23).AsSingle());
        var places = Vector512.Abs(odd) >> 1;
        var names = Vector512.LessThan(places.AsUInt32(), Vector512.Create((uint)_width)).AsInt32() & Vector512.Equals(odd * bits, deviations)
            & Vector512.LessThanOrEqual(exponents.AsUInt32(), Vector512.Create((uint)HighestNamed)).AsInt32();
        Vector512.ConditionalSelect(names, places, Vector512.Create(Nowhere)).Store(_places + row);
        var negative = deviations >> 31;
        ((bits ^ negative) - negative).Store(_changes + row);
    }

    /// <summary>Places the flips of accumulators that are more than a sum of products can be, in columns that show so much: two of a high bit may cancel in their row, modulo 2^32, so that it is not open.</summary>
    /// <returns>Whether there were any.</returns>
    private bool PlaceBeyondBound()
    {
        var before = _count;
        // A column that shows nothing is within any bound.
        foreach (var column in DeviatingColumns())
        {
            for (var row = _top; row < _top + _height && _count < Most * OddTileSearch.MostFlips && !IsWithinBound(_columns[column]); row++)
            {
                var held = Accumulator(row, column);
                if (IsWithinBound(held) || IsPlaced(row, column))
                    continue;
                var change = BeyondBound(held);
                if (change != 0)
                    Place(IndexOf(row), column, change);
            }
        }

        DropClosed();
        return _count > before;
    }

    /// <summary>Bits above those that rows name in what a column shows, in the fewest terms.</summary>
    private uint HighBits(int column) => (uint)LineWeight.Digits(_columns[column]) & ~0u << (HighestNamed + 1);

    /// <summary>The one change of a high bit that an accumulator bears; 0 for none, or several.</summary>
    private int BeyondBound(int held)
    {
        var (found, ways) = (0, 0);
        for (var bit = HighestNamed + 1; bit < 31; bit++)
        {
            var change = (held >> bit & 1) != 0 ? 1 << bit : -(1 << bit);
            (found, ways) = Bears(held, change) ? (change, ways + 1) : (found, ways);
        }

        return ways == 1 ? found : 0;
    }

    private bool IsPlaced(int row, int column)
    {
        for (var flip = 0; flip < _count; flip++)
        {
            if ((_flipRows[flip], _flipColumns[flip]) == (row, column))
                return true;
        }

        return false;
    }

    /// <summary>Which of the open rows a row is; it becomes one where it is none.</summary>
    private int IndexOf(int row)
    {
        var index = OpenRows.IndexOf(row);
        if (index >= 0)
            return index;
        _rows[_open] = row;
        SetOpen(_open + 1);
        return _open - 1;
    }

    /// <summary>Asks for an accumulator of an open row.</summary>
    internal void Fetch(int row, int column) => FetchAt(_rows[row], column);

    private void FetchFlip(int flip) => FetchAt(_flipRows[flip], _flipColumns[flip]);

    private void FetchAt(int row, int column)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(_first + row * _stride + column);
    }

    /// <summary>Whether a value may have been changed so: the bit is set now exactly where it was added, and without the change it is no more than a sum of products can be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Bears(int held, int change) =>
        (held >> BitOperations.TrailingZeroCount(change) & 1) == (change > 0 ? 1 : 0) & IsWithinBound((long)held - change);

    private bool IsWithinBound(long value) => (ulong)(value + _bound) <= 2 * (ulong)_bound;

    private int Accumulator(int row, int column) => _first[row * _stride + column];
}
