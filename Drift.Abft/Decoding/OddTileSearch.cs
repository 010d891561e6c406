using System.Numerics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Makes the rows of a tile up of what its columns show, split into signed powers of two. The lowest bit of a row's deviation is that of one of its flips: each term of this bit is tried, and what it leaves begins with a higher one.
/// A row is settled where few flips make it up in one way only. What it takes back its columns show no more, and others may be settled then.
/// </summary>
internal sealed class OddTileSearch
{
    /// <summary>Most flips that are placed on a row.</summary>
    public const int MostFlips = 5;

    private const int Bits = 31, None = -1;

    // Flips of a row that columns do not show as they are; of more, several others would do as well.
    private const int MostWide = 2;

    // More terms have no chance to be told apart, nor has a row that takes more steps.
    private const int MostTerms = 512, MostSteps = 512;

    private readonly int[] _changes = new int[MostTerms], _places = new int[MostTerms], _products = new int[MostTerms];

    // The terms of a bit, one leading to the next.
    private readonly int[] _first = new int[Bits + 1], _next = new int[MostTerms];
    private readonly int[] _named = new int[OddWeights.LargestTile], _deviating = new int[OddWeights.LargestTile + 1];
    private readonly int[] _set = new int[MostFlips], _known = new int[MostFlips];
    private OddTile _tile = null!;
    private bool _wide;

    private int _count;

    // Sets that make up the row at hand, how many flips the smallest has, and the terms that were tried.
    private int _found, _flips, _steps;

    /// <summary>Settles the open rows of a tile, as far as they can be.</summary>
    /// <param name="tile">The tile.</param>
    public void Settle(OddTile tile)
    {
        _tile = tile;
        // What the columns show in the fewest terms first; then in other splits, with flips that cancel in their column and pairs of a bit.
        while (_tile.Open > 0 && (SettleRows(wide: false) || SettleRows(wide: true)))
        {
        }
    }

    private bool SettleRows(bool wide)
    {
        _wide = wide;
        ListTerms();
        // Accumulators are far away.
        for (var row = 0; row < _tile.Open; row++)
        {
            for (var term = _first[BitOperations.TrailingZeroCount(_tile.Deviation(row))]; term != None; term = _next[term])
                _tile.Fetch(row, _places[term]);
        }

        var any = false;
        for (var row = 0; row < _tile.Open; row++)
        {
            Make(row);
            if (_found != 1)
                continue;
            any = true;
            for (var i = 0; i < _flips; i++)
                _tile.Place(row, _places[_known[i]], _changes[_known[i]]);
        }

        if (any)
            _tile.DropClosed();
        return any;
    }

    /// <summary>Looks for the fewest flips that make a row up.</summary>
    private void Make(int row)
    {
        var deviation = _tile.Deviation(row);
        // A row that names a place is not made up of several flips that its columns do not show as they are.
        (_found, _flips, _steps) = (0, _wide ? _tile.NamesPlace(row) ? 1 : MostWide : MostFlips, 0);
        Descend(row, deviation, 0);
        if (_found == 0 && _wide && _flips > 1)
            DescendFromPairs(row, deviation);
    }

    /// <summary>Tries the terms of the lowest bit of what is left of a row.</summary>
    private void Descend(int row, int rest, int taken)
    {
        for (var term = _first[BitOperations.TrailingZeroCount(rest)]; term != None; term = _next[term])
        {
            if (++_steps > MostSteps)
                _found = 2;
            if (_steps > MostSteps || !Fits(row, term, taken))
                continue;
            _set[taken] = term;
            var left = rest - _products[term];
            if (left == 0)
                Note(taken + 1);
            else if (taken + 1 < Limit)
                Descend(row, left, taken + 1);
        }
    }

    /// <summary>Tries pairs of a bit below the lowest of a row, whose odd weights add up to an even number.</summary>
    private void DescendFromPairs(int row, int deviation)
    {
        for (var bit = BitOperations.TrailingZeroCount(deviation) - 1; bit >= 0; bit--)
        {
            for (var one = _first[bit]; one != None; one = _next[one])
            {
                if (!Fits(row, one, 0))
                    continue;
                _set[0] = one;
                for (var two = _next[one]; two != None && ++_steps <= MostSteps; two = _next[two])
                {
                    if (!Fits(row, two, 1))
                        continue;
                    _set[1] = two;
                    if (deviation == _products[one] + _products[two])
                        Note(MostWide);
                }
            }
        }
    }

    /// <summary>Flips of a set that is still looked at: beside columns that show their flips as they are, one more than the fewest is a choice too.</summary>
    private int Limit => _wide ? _flips : Math.Min(MostFlips, _flips + 1);

    /// <summary>Takes note of a set of flips.</summary>
    private void Note(int flips)
    {
        if (_found > 0 && flips >= _flips)
        {
            if (flips == _flips ? !IsKnown() : !_wide)
                _found++;
            return;
        }

        _found = _found > 0 && !_wide && flips == _flips - 1 ? 2 : 1;
        _flips = flips;
        for (var i = 0; i < flips; i++)
            _known[i] = _set[i];
    }

    /// <summary>Whether a set is the one that was noted last, whose terms other splits may have listed twice.</summary>
    private bool IsKnown()
    {
        for (var i = 0; i < _flips; i++)
        {
            if (_places[_set[i]] != _places[_known[i]] || _changes[_set[i]] != _changes[_known[i]])
                return false;
        }

        return true;
    }

    /// <summary>Whether a row may have a term beside those taken: their columns differ, its own still shows it, and the accumulator bears it.</summary>
    private bool Fits(int row, int term, int taken)
    {
        var (place, change) = (_places[term], _changes[term]);
        for (var i = 0; i < taken; i++)
        {
            if (_places[_set[i]] == place)
                return false;
        }

        return Shows(place, change) && _tile.Bears(row, place, change);
    }

    /// <summary>Lists what the columns show, term by term.</summary>
    private void ListTerms()
    {
        _count = 0;
        _first.AsSpan().Fill(None);
        var columns = _tile.Columns;
        if (_wide)
            NameAlone();
        var deviating = 0;
        for (var column = 0; column < columns.Length; column++)
        {
            // Without branches, since which columns deviate is chance.
            _deviating[deviating] = column;
            deviating += columns[column] == 0 ? 0 : 1;
        }

        foreach (var column in _deviating.AsSpan(0, deviating))
        {
            var shown = columns[column];
            if (!_wide && BitOperations.IsPow2(Math.Abs((long)shown)))
                Add(column, shown);
            else
                Split(column, shown);
        }
    }

    /// <summary>A flip that a row names, and its column does not show, is cancelled there by another row's.</summary>
    private void NameAlone()
    {
        _named.AsSpan().Clear();
        for (var row = 0; row < _tile.Open; row++)
        {
            var place = _tile.PlaceOf(row, out var change);
            if (place < 0)
                continue;
            _named[place] = change;
            if (_tile.Columns[place] == 0)
                Add(place, -change);
        }
    }

    /// <summary>The digits of the non-adjacent form, and where other splits are wanted what two flips of a column may have made of each.</summary>
    private void Split(int column, int shown)
    {
        var (sign, size) = (Math.Sign(shown), (ulong)Math.Abs((long)shown));
        for (var digits = LineWeight.Digits(shown); digits != 0; digits &= digits - 1)
        {
            var digit = BitOperations.TrailingZeroCount(digits);
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
        (_changes[_count], _places[_count], _products[_count]) = ((int)change, column, (int)change * OddWeights.Of(column));
        ref var first = ref _first[BitOperations.TrailingZeroCount(change)];
        _next[_count] = first;
        first = _count++;
    }

    /// <summary>Whether a column may hold a change: it needs fewer flips without it, or as many where other splits are wanted.</summary>
    private bool Shows(int column, int change)
    {
        var shown = _tile.Columns[column];
        if (shown == change)
            return true;
        var (before, after) = (LineWeight.Of(shown), LineWeight.Of(shown - change));
        return after < before || (_wide && (shown == 0 ? _named[column] == -change : after == before));
    }
}
