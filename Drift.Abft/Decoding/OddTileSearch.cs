using System.Numerics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Makes the rows of a tile up of what its columns show, split into signed powers of two. The lowest bit of a row's deviation is that of one of its flips: each term of this bit is tried, and what it leaves begins with a higher one.
/// A row is settled where few flips make it up in one way only. What it takes back its columns show no more, and others may be settled then.
/// </summary>
internal sealed unsafe class OddTileSearch
{
    /// <summary>Most flips that are placed on a row.</summary>
    public const int MostFlips = 5;

    private const int Bits = 31, None = -1;

    // Flips of a row that columns do not show as they are; of more, several others would do as well.
    private const int MostWide = 2;

    // More terms have no chance to be told apart, nor has a row that takes more steps.
    private const int MostTerms = 512, MostSteps = 512;

    // With more, accumulators are asked at each step: so many sets would be looked at else.
    private const int ManyTerms = 48;

    private readonly int[] _memory;
    private readonly int* _changes, _places, _products;

    // The terms of a bit, one leading to the next.
    private readonly int* _first, _next;
    private readonly int* _named, _set, _known;

    // What was found for which rows, and how many flips each has.
    private readonly int* _madeRows, _madeFlips, _sets;
    private readonly OddRowSets _plain = new();
    private OddTile _tile = null!;
    private bool _wide;

    // Whether accumulators are asked, which are far away: not before it is known which ones.
    private bool _asks;

    private int _count;

    // Sets that make up the row at hand, how many flips the smallest has, and the terms that were tried.
    private int _found, _flips, _steps;

    public OddTileSearch()
    {
        const int Rows = OddWeights.LargestTile;
        _memory = LaneLists.Allocate(4 * MostTerms + Bits + 1 + (3 + MostFlips) * Rows + 2 * MostFlips, out _changes);
        _places = _changes + MostTerms;
        _products = _places + MostTerms;
        _next = _products + MostTerms;
        _first = _next + MostTerms;
        _named = _first + Bits + 1;
        _madeRows = _named + Rows;
        _madeFlips = _madeRows + Rows;
        _sets = _madeFlips + Rows;
        _set = _sets + Rows * MostFlips;
        _known = _set + MostFlips;
    }

    /// <summary>Looks for what the open rows of a tile are made up of, as far as that is plain, and asks for the accumulators.</summary>
    /// <param name="tile">The tile; nothing else may change it before <see cref="Settle()"/>.</param>
    public void Begin(OddTile tile)
    {
        _tile = tile;
        _plain.Look(tile);
    }

    /// <summary>Settles the open rows, as far as they can be.</summary>
    public void Settle()
    {
        // What the columns show in the fewest terms first; then in other splits, with flips that cancel in their column and pairs of a bit.
        while (_plain.Settle() || (_tile.Open > 0 && (SettleRows(wide: false) || SettleRows(wide: true))))
            _plain.Look(_tile);
    }

    private bool SettleRows(bool wide)
    {
        _wide = wide;
        ListTerms();
        var (any, made) = (false, 0);
        _asks = false;
        for (var row = 0; row < _tile.Open; row++)
        {
            Make(row);
            if (_found == 0)
                continue;
            // None goes through where there is a choice, unless the accumulators leave one.
            (_madeRows[made], _madeFlips[made]) = (row, _found == 1 ? _flips : 0);
            for (var i = 0; i < _flips; i++)
            {
                _sets[made * MostFlips + i] = _known[i];
                _tile.Fetch(row, _places[_known[i]]);
            }

            made++;
        }

        _asks = true;
        for (var i = 0; i < made; i++)
            any |= Settle(_madeRows[i], new ReadOnlySpan<int>(_sets + i * MostFlips, _madeFlips[i]));
        if (any)
            _tile.DropClosed();
        return any;
    }

    /// <summary>Places the one set of flips that makes a row up, if its columns still show it and its accumulators bear it; else looks for one that does.</summary>
    private bool Settle(int row, ReadOnlySpan<int> set)
    {
        if (set.IsEmpty || !IsBorne(row, set) || !IsShown(set))
        {
            Make(row);
            if (_found != 1)
                return false;
            set = new ReadOnlySpan<int>(_known, _flips);
        }

        foreach (var term in set)
            _tile.Place(row, _places[term], _changes[term]);
        return true;
    }

    private bool IsShown(ReadOnlySpan<int> set)
    {
        foreach (var term in set)
        {
            if (!Shows(_places[term], _changes[term]))
                return false;
        }

        return true;
    }

    private bool IsBorne(int row, ReadOnlySpan<int> set)
    {
        foreach (var term in set)
        {
            if (!_tile.Bears(row, _places[term], _changes[term]))
                return false;
        }

        return true;
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
                Note(row, taken + 1);
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
                        Note(row, MostWide);
                }
            }
        }
    }

    /// <summary>Flips of a set that is still looked at: beside columns that show their flips as they are, one more than the fewest is a choice too.</summary>
    private int Limit => _wide ? _flips : Math.Min(MostFlips, _flips + 1);

    /// <summary>Takes note of a set of flips, if its accumulators bear it.</summary>
    private void Note(int row, int flips)
    {
        if (_asks && !IsBorne(row, new ReadOnlySpan<int>(_set, flips)))
            return;
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

    /// <summary>Whether a row may have a term beside those taken: their columns differ, its own still shows it, and where there are many the accumulator bears it.</summary>
    private bool Fits(int row, int term, int taken)
    {
        var (place, change) = (_places[term], _changes[term]);
        for (var i = 0; i < taken; i++)
        {
            if (_places[_set[i]] == place)
                return false;
        }

        // Nothing was taken from the columns since their digits were listed, unless others are settled already.
        return ((!_wide && !_asks) || Shows(place, change)) && (_count <= ManyTerms || _tile.Bears(row, place, change));
    }

    /// <summary>Lists what the columns show, term by term.</summary>
    private void ListTerms()
    {
        _count = 0;
        new Span<int>(_first, Bits + 1).Fill(None);
        var columns = _tile.Columns;
        if (_wide)
            NameAlone();
        foreach (var column in _tile.DeviatingColumns())
        {
            var shown = columns[column];
            if (!_wide && BitOperations.IsPow2(LineWeight.Size(shown)))
                Add(column, shown);
            else
                Split(column, shown);
        }
    }

    /// <summary>A flip that a row names, and its column does not show, is cancelled there by another row's.</summary>
    private void NameAlone()
    {
        new Span<int>(_named, OddWeights.LargestTile).Clear();
        for (var row = 0; row < _tile.Open; row++)
        {
            var place = _tile.PlaceOf(row, out var change);
            if (place < 0)
                continue;
            _named[place] = change;
            _tile.Fetch(row, place);
            if (_tile.Columns[place] == 0)
                Add(place, -change);
        }
    }

    /// <summary>The digits of the non-adjacent form, and where other splits are wanted what two flips of a column may have made of each.</summary>
    private void Split(int column, int shown)
    {
        var (sign, size) = (shown >> 31 | 1, (ulong)LineWeight.Size(shown));
        for (var digits = LineWeight.Digits(shown); digits != 0; digits &= digits - 1)
        {
            var digit = BitOperations.TrailingZeroCount(digits);
            var term = sign * ((long)(3 * size >> digit & 2) - 1) << digit;
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
        if (_count == MostTerms || change is > 1 << 30 or < -(1 << 30))
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
