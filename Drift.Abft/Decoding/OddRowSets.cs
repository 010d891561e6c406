using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Most rows of a tile that have one or two flips in columns that show them as they are, sixteen rows at once and without branches, since which row has which flips is chance. The columns' terms are filed by
/// their bit; a row's lowest bit leads to the terms of its first flip, what each of them leaves to those of the second. A row is settled where one set makes it up and no other of as many flips or of one more
/// does. What is not so plain is left to <see cref="OddTileSearch"/>.
/// </summary>
internal sealed unsafe class OddRowSets
{
    // Terms of a bit that are looked at. A row that meets a bit with more is not settled, but where its first bit is high: of those there are more, and a flip of one is all that such a row shows.
    private const int Width = 3;

    private const int Lanes = LaneLists.Lanes, Least = 3, Most = OddWeights.LargestTile + Lanes;

    private readonly OddTerms _terms = new();
    private readonly int[] _memory;

    // What rows are made up of: which open row it is, and its terms, twice the same where it is one; or two of which it is one.
    private readonly int* _found, _ones, _twos, _either;
    private OddTile _tile = null!;
    private int _rows;

    public OddRowSets()
    {
        _memory = LaneLists.Allocate(4 * Most, out _found);
        _ones = _found + Most;
        _twos = _ones + Most;
        _either = _twos + Most;
    }

    /// <summary>Looks for the flips of a tile's open rows, and asks for their accumulators, which are far away.</summary>
    /// <param name="tile">The tile; nothing else may change it before <see cref="Settle()"/>.</param>
    public void Look(OddTile tile)
    {
        (_tile, _rows) = (tile, 0);
        // A few are searched sooner.
        if (tile.Open < Least)
            return;
        _terms.List(tile);
        for (var row = 0; row < tile.Open; row += Lanes)
            Look(row);
        for (var i = 0; i < _rows; i++)
        {
            tile.Fetch(_found[i], _terms.Places[_ones[i]]);
            tile.Fetch(_found[i], _terms.Places[_twos[i]]);
        }
    }

    /// <summary>Settles the rows that were made up, where their accumulators bear it.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Settle()
    {
        var before = _tile.Count;
        for (var i = 0; i < _rows; i++)
        {
            int row = _found[i], one = _ones[i], two = _twos[i];
            if (_either[i] != 0)
            {
                SettleEither(row, one, two);
                continue;
            }

            // Of a column's terms one may be gone and the others are still there, but each is only one row's.
            var settles = -(Bears(row, one) & Bears(row, two));
            Place(row, one, settles);
            Place(row, two, settles & -(one != two ? 1 : 0));
        }

        if (_tile.Count == before)
            return false;
        _tile.DropClosed();
        return true;
    }

    /// <summary>Settles a row that two columns show as it is, as high bits may, modulo 2^32, where only one accumulator bears it.</summary>
    private void SettleEither(int row, int one, int two)
    {
        int first = Bears(row, one), second = Bears(row, two);
        // Of two that would bear it the one is meant that is as large as a flip of such a bit makes it.
        if ((first & second) != 0)
            (first, second) = (_tile.IsLarge(row, _terms.Places[one], _terms.Changes[one]) ? 1 : 0, _tile.IsLarge(row, _terms.Places[two], _terms.Changes[two]) ? 1 : 0);
        Place(row, one, -(first & ~second));
        Place(row, two, -(second & ~first));
    }

    /// <summary>1 where a term is still there and an open row's accumulator bears it, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Bears(int row, int term)
    {
        var place = _terms.Places[term];
        var isThere = ~(place >> 31);
        return isThere & (_tile.Bears(row, place & isThere, _terms.Changes[term]) ? 1 : 0);
    }

    /// <summary>Notes a term of an open row, if at all: all bits or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Place(int row, int term, int whether)
    {
        _tile.Place(row, _terms.Places[term] & whether, _terms.Changes[term], whether);
        _terms.Places[term] |= whether;
    }

    /// <summary>Looks for the sets of sixteen rows: those that are one flip, and those that are two.</summary>
    private void Look(int row)
    {
        var rows = _tile.Deviations(row);
        var products = _terms.Products;
        Vector512<int> singles = default, pairs = default, triples = default, which = default, ones = default, twos = default;
        var bits = OddTerms.BitsOf(rows);
        var crowded = OddTerms.Look(products, Width, bits);
        Vector512<int> crowdedPairs = default;
        for (var first = 0; first < Width; first++)
        {
            var product = OddTerms.Look(products, first, bits);
            var some = ~Vector512.Equals(product, Vector512<int>.Zero);
            var hits = Vector512.Equals(product, rows) & some;
            singles -= hits;
            which |= hits & Vector512.Create(1 << first);
            // Nothing is left of a row that is made up, or that has no such term.
            var rest = rows - product & some;
            var restBits = OddTerms.BitsOf(rest);
            crowded |= OddTerms.Look(products, Width, restBits);
            for (var second = 0; second < Width; second++)
            {
                product = OddTerms.Look(products, second, restBits);
                some = ~Vector512.Equals(product, Vector512<int>.Zero);
                hits = Vector512.Equals(product, rest) & some;
                pairs -= hits;
                ones |= hits & (bits + Vector512.Create(first * OddTerms.Bits));
                twos |= hits & (restBits + Vector512.Create(second * OddTerms.Bits));
                var last = rest - product & some;
                var lastBits = OddTerms.BitsOf(last);
                crowdedPairs |= OddTerms.Look(products, Width, lastBits);
                some = ~Vector512.Equals(last, Vector512<int>.Zero);
                for (var third = 0; third < Width; third++)
                    triples -= Vector512.Equals(OddTerms.Look(products, third, lastBits), last) & some;
            }
        }

        var none = Vector512<int>.Zero;
        for (var first = Width; first < OddTerms.Width; first++)
        {
            var hits = Vector512.Equals(OddTerms.Look(products, first, bits), rows) & ~Vector512.Equals(rows, none);
            singles -= hits;
            which |= hits & Vector512.Create(1 << first);
        }

        var isHigh = Vector512.LessThan(bits, Vector512.Create(31 - OddTile.HighestNamed)) & Vector512.Equals(OddTerms.Look(products, OddTerms.Width, bits), none);
        var isSingle = (Vector512.Equals(singles, Vector512<int>.One) & (Vector512.Equals(crowded, none) | isHigh) & Vector512.Equals(pairs, none)) | (Vector512.Equals(singles, Vector512.Create(2)) & isHigh);
        var isPair = Vector512.Equals(pairs, Vector512<int>.One) & Vector512.Equals(singles | triples | crowded | crowdedPairs, none);
        // The terms that a row is, or is one of.
        Vector512<int> lowest = which & -which, next = which - lowest;
        next = Vector512.ConditionalSelect(Vector512.Equals(next, none), lowest, next);
        ones = Vector512.ConditionalSelect(isSingle, TermOf(lowest, bits), ones);
        twos = Vector512.ConditionalSelect(isSingle, TermOf(next, bits), twos);
        // No accumulator is hit twice.
        var found = isSingle | isPair;
        found &= isSingle | ~Vector512.Equals(LaneLists.Take(_terms.Places, ones & found), LaneLists.Take(_terms.Places, twos & found));
        LaneLists.Pack(ones, found, _ones + _rows);
        LaneLists.Pack(twos, found, _twos + _rows);
        LaneLists.Pack(isSingle & ~Vector512.Equals(lowest, next), found, _either + _rows);
        _rows += LaneLists.Pack(Vector512.Create(row) + Vector512<int>.Indices, found, _found + _rows);
    }

    /// <summary>Where terms of some bits stand.</summary>
    /// <param name="which">Which of the bit's terms it is, as a power of two.</param>
    /// <param name="bits">Where the bits are filed.</param>
    private static Vector512<int> TermOf(Vector512<int> which, Vector512<int> bits) => bits + (Vector512.Create(OddTerms.Bits - 1) - OddTerms.BitsOf(which)) * OddTerms.Bits;
}
