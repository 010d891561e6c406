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
    private const int Most = OddWeights.LargestTile, Lanes = 16;

    // Where a row is filed that names no place.
    private const int Nowhere = Most;

    // Beyond it an odd number of up to 255 times the bit may pass 2^31, and is no more to be told from a negative one.
    internal const int HighestNamed = 23;

    // Whole vectors are read and written behind the last row and the last column.
    private readonly int[] _rows = new int[Most + Lanes], _deviations = new int[Most + Lanes], _places = new int[Most + Lanes], _changes = new int[Most + Lanes];
    private readonly int[] _columns = new int[Most + Lanes], _tally = new int[Most + Lanes], _deviating = new int[Most + Lanes];
    private readonly (int Row, int Column, int Change)[] _flips = new (int, int, int)[2 * Most * OddTileSearch.MostFlips];
    private readonly OddTileSearch _search = new();
    private int* _first;
    private nint _stride;
    private int _left, _width, _top, _height, _open, _count, _bound;

    /// <summary>Tile counted from the top.</summary>
    public int TileRow { get; private set; }

    /// <summary>Tile counted from the left.</summary>
    public int TileColumn { get; private set; }

    /// <summary>The rows that stay open, in the product; empty where all are explained.</summary>
    public ReadOnlySpan<int> OpenRows => _rows.AsSpan(0, _open);

    /// <summary>What the columns still show.</summary>
    public Span<int> Columns => _columns.AsSpan(0, _width);

    /// <summary>Whether all lines are explained.</summary>
    public bool IsClosed => _open == 0 && !Columns.ContainsAnyExcept(0);

    /// <summary>
    /// Whether two flips of a high bit may cancel in a row, in columns that still show one: an odd weight more or less another is a multiple of 2^(32 - b). Such a row deviates nowhere and is not open.
    /// </summary>
    public bool MayHide
    {
        get
        {
            for (var one = 0; one < _width; one++)
            {
                for (var two = one + 1; HighBits(one) != 0 && two < _width; two++)
                {
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
        sums.Columns.Slice(tileRow * n + _left, _width).CopyTo(_columns);
        _columns.AsSpan(_width).Clear();
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
    /// <param name="next">The tile that comes next. Its accumulators are asked for, one at a time: a processor waits for no more than a few.</param>
    public void TakeBack(Corrections corrections, OddTile next)
    {
        var ahead = 0;
        foreach (var (row, column, change) in _flips.AsSpan(0, _count))
        {
            if (ahead < next._count)
                next.Fetch(next._flips[ahead++]);
            var held = Accumulator(row, column);
            if (Bears(held, change))
                corrections.Replace(row, _left + column, held - change);
            else if (!OpenRows.Contains(row))
                _rows[_open++] = row;
        }

        for (; ahead < next._count; ahead++)
            next.Fetch(next._flips[ahead]);
    }

    /// <summary>Rows that are open.</summary>
    internal int Open => _open;

    /// <summary>Flips that are placed.</summary>
    internal int Count => _count;

    /// <summary>By how much sixteen rows deviate, of which those after the open ones do not.</summary>
    internal Vector512<int> Deviations(int row) => Vector512.LoadUnsafe(ref _deviations[row]);

    /// <summary>The columns that deviate. Found without branches, since which ones do is chance.</summary>
    internal ReadOnlySpan<int> DeviatingColumns()
    {
        var count = 0;
        for (var column = 0; column < _width; column += Lanes)
        {
            var deviate = ~Vector512.Equals(Vector512.LoadUnsafe(ref _columns[column]), Vector512<int>.Zero);
            var places = Vector512.Create(column) + Vector512<int>.Indices;
            if (Avx512F.IsSupported)
                Avx512F.Compress(Vector512<int>.Zero, deviate, places).StoreUnsafe(ref _deviating[count]);
            else
                Compress(places, deviate.ExtractMostSignificantBits(), count);
            count += BitOperations.PopCount(deviate.ExtractMostSignificantBits());
        }

        return _deviating.AsSpan(0, count);
    }

    /// <summary>By how much an open row deviates.</summary>
    internal int Deviation(int row) => _deviations[row];

    /// <summary>Whether an accumulator of an open row may have been changed so.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="column">Column in the tile.</param>
    /// <param name="change">Plus or minus a power of two below 2^31.</param>
    internal bool Bears(int row, int column, int change) => Bears(Accumulator(_rows[row], column), change);

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

    private void Compress(Vector512<int> places, ulong deviate, int to)
    {
        for (; deviate != 0; deviate &= deviate - 1)
            _deviating[to++] = places[BitOperations.TrailingZeroCount(deviate)];
    }

    /// <summary>Notes a flip of an open row.</summary>
    internal void Place(int row, int column, int change)
    {
        _deviations[row] -= change * OddWeights.Of(column);
        _columns[column] -= change;
        _flips[_count++] = (_rows[row], column, change);
    }

    /// <summary>Forgets the open rows that deviate no more.</summary>
    internal void DropClosed()
    {
        var open = 0;
        ref int rows = ref _rows[0], deviations = ref _deviations[0];
        for (var row = 0; row < _open; row++)
        {
            var deviation = Unsafe.Add(ref deviations, row);
            (Unsafe.Add(ref rows, open), Unsafe.Add(ref deviations, open)) = (Unsafe.Add(ref rows, row), deviation);
            open += deviation == 0 ? 0 : 1;
        }

        _open = open;
        _deviations.AsSpan(open, Lanes).Clear();
    }

    /// <summary>The rows that deviate. Found without branches, since which ones do is chance.</summary>
    private void ListRows(LineSums sums)
    {
        var (across, open) = (sums.TileColumns, 0);
        ref int deviation = ref sums.Rows[_top * across + TileColumn], rows = ref _rows[0], deviations = ref _deviations[0];
        for (var row = 0; row < _height; row++, deviation = ref Unsafe.Add(ref deviation, across))
        {
            (Unsafe.Add(ref rows, open), Unsafe.Add(ref deviations, open)) = (_top + row, deviation);
            open += deviation == 0 ? 0 : 1;
        }

        _open = open;
    }

    /// <summary>Rows that name a place, all at once and without branches, since which rows have one flip is chance: those are right whose changes add up to what their column shows.</summary>
    private void PlaceAlone()
    {
        _tally.AsSpan().Clear();
        for (var row = 0; row < _open; row += Lanes)
            NamePlaces(row);
        for (var row = 0; row < _open; row++)
            _tally[_places[row]] += _changes[row];

        // Nowhere is no column.
        _columns[Nowhere] = _tally[Nowhere] + 1;
        var (open, count) = (0, 0);
        ref int rows = ref _rows[0], deviations = ref _deviations[0], columns = ref _columns[0], tally = ref _tally[0];
        for (var row = 0; row < _open; row++)
        {
            int place = _places[row], at = Unsafe.Add(ref rows, row);
            var agrees = Unsafe.Add(ref tally, place) == Unsafe.Add(ref columns, place);
            _flips[count] = (at, place, _changes[row]);
            count += agrees ? 1 : 0;
            (Unsafe.Add(ref rows, open), Unsafe.Add(ref deviations, open)) = (at, Unsafe.Add(ref deviations, row));
            open += agrees ? 0 : 1;
        }

        (_open, _count) = (open, count);
        _deviations.AsSpan(open, Lanes).Clear();
        for (var j = 0; j < _width; j += Lanes)
        {
            Vector512<int> shown = Vector512.LoadUnsafe(ref _columns[j]), named = Vector512.LoadUnsafe(ref _tally[j]);
            Vector512.AndNot(shown, Vector512.Equals(shown, named)).StoreUnsafe(ref _columns[j]);
        }
    }

    /// <summary>Where sixteen rows say that their one flip is, if it is one. Floats hold an odd number of up to 255 times a power of two as it is.</summary>
    private void NamePlaces(int row)
    {
        var deviations = Vector512.LoadUnsafe(ref _deviations[row]);
        var bits = deviations & -deviations;
        var exponents = (Vector512.ConvertToSingle(bits).AsInt32() >> 23) - Vector512.Create(127);
        var odd = Vector512.ConvertToInt32(Vector512.ConvertToSingle(deviations) * ((Vector512.Create(127) - exponents) << 23).AsSingle());
        var places = Vector512.Abs(odd) >> 1;
        var names = Vector512.LessThan(places.AsUInt32(), Vector512.Create((uint)_width)).AsInt32() & Vector512.Equals(odd * bits, deviations)
            & Vector512.LessThanOrEqual(exponents.AsUInt32(), Vector512.Create((uint)HighestNamed)).AsInt32();
        Vector512.ConditionalSelect(names, places, Vector512.Create(Nowhere)).StoreUnsafe(ref _places[row]);
        var negative = deviations >> 31;
        ((bits ^ negative) - negative).StoreUnsafe(ref _changes[row]);
    }

    /// <summary>Places the flips of accumulators that are more than a sum of products can be, in columns that show so much: two of a high bit may cancel in their row, modulo 2^32, so that it is not open.</summary>
    /// <returns>Whether there were any.</returns>
    private bool PlaceBeyondBound()
    {
        var before = _count;
        for (var column = 0; column < _width; column++)
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
        foreach (var flip in _flips.AsSpan(0, _count))
        {
            if ((flip.Row, flip.Column) == (row, column))
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
        (_rows[_open], _deviations[_open]) = (row, 0);
        return _open++;
    }

    /// <summary>Asks for an accumulator of an open row.</summary>
    internal void Fetch(int row, int column) => Fetch((_rows[row], column, 0));

    private void Fetch((int Row, int Column, int Change) flip)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(_first + flip.Row * _stride + flip.Column);
    }

    /// <summary>Whether a value may have been changed so: the bit is set now exactly where it was added, and without the change it is no more than a sum of products can be.</summary>
    private bool Bears(int held, int change) =>
        (held >> BitOperations.TrailingZeroCount(change) & 1) == (change > 0 ? 1 : 0) & IsWithinBound((long)held - change);

    private bool IsWithinBound(long value) => (ulong)(value + _bound) <= 2 * (ulong)_bound;

    private int Accumulator(int row, int column) => _first[row * _stride + column];
}
