using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The flips of one tile, read off its sums and its rows' locators. A row with one flip names the place itself, and the columns confirm it: first all rows at once, where what they name adds up to what the columns
/// show. The rows that are left have several flips, or share a column: <see cref="LocatorSearch"/> looks for pairs and triples of what the columns still show.
/// </summary>
internal sealed class LocatedTile
{
    private const int Most = RowLocators.LargestTile;

    // Where a row is filed that names no place.
    private const int Nowhere = Most;

    private readonly int[] _rows = new int[Most], _deviations = new int[Most], _locators = new int[Most], _places = new int[Most];
    private readonly int[] _columns = new int[Most + 1], _tally = new int[Most + 1];
    private readonly Flip[] _flips = new Flip[Most * LocatorSearch.MostFlips];
    private readonly LocatorSearch _search = new();
    private GemmOutput _output = null!;
    private RowLocators _expected = null!;
    private int _tile, _top, _left, _height, _width, _tileColumn, _open, _count;

    /// <summary>The flips that were placed, in the product's rows and columns.</summary>
    public ReadOnlySpan<Flip> Flips => _flips.AsSpan(0, _count);

    /// <summary>The rows that stay open, in the product; empty where all is explained.</summary>
    public ReadOnlySpan<int> OpenRows => _rows.AsSpan(0, _open);

    /// <summary>What the columns still show.</summary>
    public ReadOnlySpan<int> Columns => _columns.AsSpan(0, _width);

    /// <summary>Explains a tile.</summary>
    /// <param name="product">The product, with locators.</param>
    /// <param name="lines">Its deviating rows.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    /// <returns>Whether nothing is left open.</returns>
    public bool Explain(in SuspectProduct product, LocatedLines lines, int tileRow, int tileColumn)
    {
        Load(product, lines, tileRow, tileColumn);
        PlaceAlone();
        return (_open == 0 && IsClosed()) || _search.Run(this);
    }

    internal int Width => _width;

    internal int Open => _open;

    internal Span<int> Shown => _columns.AsSpan(0, _width);

    internal int Deviation(int row) => _deviations[row];

    internal int Locator(int row) => _locators[row];

    internal int Centre => RowLocators.Centre(_tile);

    /// <summary>Whether all columns are explained.</summary>
    internal bool IsClosed() => !_columns.AsSpan(0, _width).ContainsAnyExcept(0);

    /// <summary>The place where one flip makes an open row deviate so; -1 for none in the tile, or one whose accumulator does not bear the flip.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="change">By how much it deviates: plus or minus a power of two.</param>
    /// <param name="locator">By how much its locator does, 0..254.</param>
    internal int PlaceOf(int row, int change, int locator)
    {
        var place = Residue.Quotient(change, locator) + Centre;
        return (uint)place < (uint)_width && Bears(row, place, change) ? place : -1;
    }

    /// <summary>Whether an accumulator may have been changed so: its bit is set now exactly where it was added.</summary>
    /// <param name="row">Which of the open rows.</param>
    /// <param name="column">Column in the tile.</param>
    /// <param name="change">Plus or minus a power of two below 2^31.</param>
    internal bool Bears(int row, int column, int change) =>
        change != int.MinValue && (Accumulator(_rows[row], column) >> BitOperations.TrailingZeroCount(change) & 1) == (change > 0 ? 1 : 0);

    /// <summary>Takes a change of an open row back.</summary>
    internal void Place(int row, int column, int change)
    {
        _deviations[row] -= change;
        _locators[row] = Residue.Of(_locators[row] - Residue.Product(change, column - Centre));
        _columns[column] -= change;
        _flips[_count++] = new Flip(_rows[row], _left + column, BitOperations.TrailingZeroCount(change));
    }

    /// <summary>Forgets the open rows that deviate no more.</summary>
    internal void DropClosed()
    {
        var open = 0;
        for (var row = 0; row < _open; row++)
        {
            if ((_deviations[row] | _locators[row]) == 0)
                continue;
            (_rows[open], _deviations[open], _locators[open]) = (_rows[row], _deviations[row], _locators[row]);
            open++;
        }

        _open = open;
    }

    /// <summary>Opens the rows whose flips cancel in their sum, and show in the locator alone.</summary>
    /// <returns>Whether there are any.</returns>
    internal bool OpenHidden()
    {
        var before = _open;
        for (var i = 0; i < _height; i++)
        {
            var row = _top + i;
            if (_rows.AsSpan(0, before).Contains(row) || IsTouched(row))
                continue;
            var locator = Observed(row);
            if (locator == 0)
                continue;
            (_rows[_open], _deviations[_open], _locators[_open]) = (row, 0, locator);
            _open++;
        }

        return _open > before;
    }

    private void Load(in SuspectProduct product, LocatedLines lines, int tileRow, int tileColumn)
    {
        var (sums, (m, n, _)) = (product.Deviations, product.Output.Shape);
        (_output, _expected, _tile, _tileColumn, _count) = (product.Output, product.Locators!, sums.Tile, tileColumn, 0);
        (_top, _left) = (tileRow * _tile, tileColumn * _tile);
        (_height, _width) = (Math.Min(_tile, m - _top), Math.Min(_tile, n - _left));
        sums.Columns.Slice(tileRow * n + _left, _width).CopyTo(_columns);
        var rows = lines.Rows(tileColumn);
        lines.Deviations(tileColumn).CopyTo(_deviations);
        _open = rows.Length;
        for (var i = 0; i < rows.Length; i++)
        {
            _rows[i] = _top + rows[i];
            _locators[i] = Observed(_top + rows[i]);
        }
    }

    /// <summary>By how much a row's locator deviates, 0..254.</summary>
    private int Observed(int row)
    {
        var values = _output.Accumulators.Slice(row * _output.Stride + _left, _width);
        return Residue.Of(RowLocators.Of(values, _tile) - _expected.Values[row * _expected.Stride + _tileColumn]);
    }

    /// <summary>Rows that name a place, all at once: those are right whose changes add up to what their column shows.</summary>
    private void PlaceAlone()
    {
        _tally.AsSpan().Clear();
        var last = _width - 1;
        for (var row = 0; row < _open; row++)
        {
            // Without branches: which rows have one flip is chance.
            var change = _deviations[row];
            var place = Residue.Quotient(change, _locators[row]) + Centre;
            var held = Accumulator(_rows[row], Math.Clamp(place, 0, last)) >> BitOperations.TrailingZeroCount(change) & 1;
            var names = Residue.IsPower(change) & (uint)place <= (uint)last & held == (change > 0 ? 1 : 0);
            place = names ? place : Nowhere;
            _places[row] = place;
            _tally[place] += change;
        }

        // No sum of places is asked of nowhere.
        _columns[Nowhere] = _tally[Nowhere] + 1;
        var open = 0;
        for (var row = 0; row < _open; row++)
        {
            var place = _places[row];
            var agrees = _tally[place] == _columns[place];
            _flips[_count] = new Flip(_rows[row], _left + place, BitOperations.TrailingZeroCount(_deviations[row]));
            _count += agrees ? 1 : 0;
            (_rows[open], _deviations[open], _locators[open]) = (_rows[row], _deviations[row], _locators[row]);
            open += agrees ? 0 : 1;
        }

        _open = open;
        var j = 0;
        for (; j <= _width - Vector512<int>.Count; j += Vector512<int>.Count)
        {
            Vector512<int> shown = Vector512.Create<int>(_columns.AsSpan(j)), named = Vector512.Create<int>(_tally.AsSpan(j));
            Vector512.AndNot(shown, Vector512.Equals(shown, named)).CopyTo(_columns, j);
        }

        for (; j < _width; j++)
            _columns[j] = _columns[j] == _tally[j] ? 0 : _columns[j];
    }

    private bool IsTouched(int row)
    {
        foreach (var flip in Flips)
        {
            if (flip.Row == row)
                return true;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Accumulator(int row, int column) => Unsafe.Add(ref MemoryMarshal.GetReference(_output.Accumulators), row * _output.Stride + _left + column);
}
