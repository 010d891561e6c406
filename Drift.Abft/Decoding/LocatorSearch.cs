using System.Numerics;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// The rows of a tile with several flips, or whose column shows other flips too. What the columns still show, split into signed powers of two, is what a row's flips can be: two or three of them make up a row where they add up
/// to its deviation and to its locator, and every accumulator bears its flip. A row is settled where one such set is found and no other. What one row settles, its columns show no more, and others may be settled then.
/// </summary>
internal sealed class LocatorSearch
{
    /// <summary>Most flips that are placed on a row.</summary>
    public const int MostFlips = 4;

    // More have no chance to be told apart.
    private const int MostTerms = 512;

    private readonly int[] _changes = new int[MostTerms + Vector512<int>.Count], _places = new int[MostTerms];
    private readonly int[] _named = new int[RowLocators.LargestTile];
    private LocatedTile _tile = null!;
    private bool _wide;
    private int _count;

    // The set that was found: up to three places and changes.
    private (int Column, int Change) _a, _b, _c;
    private int _found;

    /// <summary>Settles what it can.</summary>
    /// <param name="tile">The tile.</param>
    /// <returns>Whether nothing is left open.</returns>
    public bool Run(LocatedTile tile)
    {
        _tile = tile;
        var hiddenAreOpen = false;
        while (true)
        {
            // What the columns show in the fewest terms first, then in other splits, and flips that cancel in their column.
            if (Settle(wide: false, triples: false) || Settle(wide: true, triples: false) || Settle(wide: false, triples: true) || Settle(wide: true, triples: true))
                continue;
            if (_tile.Open == 0 && _tile.IsClosed())
                return true;
            if (hiddenAreOpen || _tile.IsClosed())
                return false;
            hiddenAreOpen = true;
            if (!_tile.OpenHidden())
                return false;
        }
    }

    /// <summary>Settles rows in turn.</summary>
    /// <returns>Whether any was.</returns>
    private bool Settle(bool wide, bool triples)
    {
        _wide = wide;
        var any = false;
        for (var row = 0; row < _tile.Open; row++)
        {
            if (row == 0 || _found == 1)
                ListTerms();
            _found = 0;
            if (!triples)
                Single(row);
            if (_found == 0)
            {
                if (triples)
                    Triple(row);
                else
                    Pair(row, _tile.Deviation(row), _tile.Locator(row), 0, default);
            }

            if (_found != 1)
                continue;
            any = true;
            _tile.Place(row, _a.Column, _a.Change);
            if (_b.Change != 0)
                _tile.Place(row, _b.Column, _b.Change);
            if (_c.Change != 0)
                _tile.Place(row, _c.Column, _c.Change);
        }

        if (any)
            _tile.DropClosed();
        return any;
    }

    /// <summary>Lists what the columns show, term by term.</summary>
    private void ListTerms()
    {
        _count = 0;
        var shown = _tile.Shown;
        if (_wide)
            NameAlone();
        for (var column = 0; column < shown.Length; column++)
        {
            // A flip that a row names, and its column does not show, is cancelled there by another row's.
            if (_wide && _named[column] != 0 && shown[column] == 0)
                Add(column, -_named[column]);
            if (shown[column] != 0)
                Split(column, shown[column]);
        }
    }

    private void NameAlone()
    {
        _named.AsSpan().Clear();
        for (var row = 0; row < _tile.Open; row++)
        {
            var change = _tile.Deviation(row);
            if (!Residue.IsPower(change))
                continue;
            var place = _tile.PlaceOf(row, change, _tile.Locator(row));
            if (place >= 0)
                _named[place] = change;
        }
    }

    /// <summary>The digits of the non-adjacent form, and where other splits are wanted what two flips of a column may have made of each.</summary>
    private void Split(int column, int shown)
    {
        var (sign, size) = (Math.Sign(shown), (ulong)Math.Abs((long)shown));
        var digits = size ^ 3 * size;
        for (; digits != 0; digits &= digits - 1)
        {
            var digit = BitOperations.TrailingZeroCount(digits) - 1;
            var term = (3 * size >> (digit + 1) & 1) != 0 ? sign * (1L << digit) : -sign * (1L << digit);
            Add(column, term);
            if (!_wide)
                continue;
            if (digit > 0)
                Add(column, term / 2);
            Add(column, 2 * term);
            Add(column, -term);
        }
    }

    private void Add(int column, long change)
    {
        if (_count == MostTerms || Math.Abs(change) > 1 << 30)
            return;
        (_changes[_count], _places[_count]) = ((int)change, column);
        _count++;
    }

    /// <summary>Whether a column may hold a change: it needs fewer flips without it, or as many where other splits are wanted.</summary>
    private bool Holds(int column, int change)
    {
        var shown = _tile.Shown[column];
        var (before, after) = (Residue.Terms(shown), Residue.Terms(shown - change));
        return after < before || (_wide && ((shown != 0 && after == before) || (shown == 0 && _named[column] == -change)));
    }

    private void Single(int row)
    {
        var change = _tile.Deviation(row);
        if (!Residue.IsPower(change))
            return;
        var place = _tile.PlaceOf(row, change, _tile.Locator(row));
        if (place >= 0 && Holds(place, change))
            Found((place, change), default, default);
    }

    /// <summary>Two flips that make a row deviate so, with a third that was taken already where there is one.</summary>
    private void Pair(int row, int deviation, int locator, int first, (int Column, int Change) third)
    {
        var wanted = Vector512.Create(deviation);
        for (var v = first / Vector512<int>.Count * Vector512<int>.Count; v < _count; v += Vector512<int>.Count)
        {
            var rest = wanted - Vector512.Create<int>(_changes.AsSpan(v));
            var size = Vector512.Abs(rest);
            var hits = Vector512.Equals(size & (size - Vector512<int>.One), Vector512<int>.Zero).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1)
            {
                var i = v + BitOperations.TrailingZeroCount(hits);
                if (i >= first && i < _count)
                    TryPair(row, deviation, locator, (_places[i], _changes[i]), third);
            }
        }
    }

    private void TryPair(int row, int deviation, int locator, (int Column, int Change) one, (int Column, int Change) third)
    {
        var change = deviation - one.Change;
        if (change == 0 || (third.Change != 0 && one.Column == third.Column) || !_tile.Bears(row, one.Column, one.Change))
            return;
        var place = _tile.PlaceOf(row, change, Residue.Of(locator - Residue.Product(one.Change, one.Column - _tile.Centre)));
        if (place >= 0 && place != one.Column && (third.Change == 0 || place != third.Column) && Holds(place, change))
            Found(one, (place, change), third);
    }

    private void Triple(int row)
    {
        for (var i = 0; i < _count && _found < 2; i++)
        {
            if (!_tile.Bears(row, _places[i], _changes[i]))
                continue;
            var locator = Residue.Of(_tile.Locator(row) - Residue.Product(_changes[i], _places[i] - _tile.Centre));
            Pair(row, _tile.Deviation(row) - _changes[i], locator, i + 1, (_places[i], _changes[i]));
        }
    }

    /// <summary>Takes note of a set, unless it is the one that is known.</summary>
    private void Found((int Column, int Change) a, (int Column, int Change) b, (int Column, int Change) c)
    {
        if (a.Column > b.Column && b.Change != 0)
            (a, b) = (b, a);
        if (b.Column > c.Column && c.Change != 0)
            (b, c) = (c, b);
        if (a.Column > b.Column && b.Change != 0)
            (a, b) = (b, a);
        if (_found == 1 && (a, b, c) == (_a, _b, _c))
            return;
        _found++;
        (_a, _b, _c) = (a, b, c);
    }
}
