using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// Most rows of a tile that have one or two flips in columns that show them as they are, sixteen rows at once and without branches, since which row has which flips is chance. The columns' terms are filed by
/// their bit; a row's lowest bit leads to the terms of its first flip, what each of them leaves to those of the second. A row is settled where one set makes it up and no other of as many flips or of one more
/// does. What is not so plain is left to <see cref="OddTileSearch"/>.
/// </summary>
internal sealed class OddRowSets
{
    // Terms of a bit that are looked at. A row that meets a bit with more is not settled, but where its first bit is high: of those there are more, and a flip of one is all that such a row shows.
    private const int Width = 3, WidthOfHigh = 7;

    // Where a bit is filed: 31 less its number. No term has bit 31, so that nothing stands at 0.
    private const int Bits = 32, Nothing = 0;
    private const int Lanes = 16, Least = 3, Gone = -1;

    // Of the codes below: a bit for each term that is the row, and where the choice of a pair's two begins.
    private const int First = WidthOfHigh, Second = First + 2, Choice = 3;

    // Term by term what it makes a row deviate by, its column and its change: one of each bit, then the second ones, and last whether there are more.
    private readonly int[] _products = new int[(WidthOfHigh + 1) * Bits], _places = new int[(WidthOfHigh + 1) * Bits], _changes = new int[(WidthOfHigh + 1) * Bits];
    private readonly int[] _counts = new int[Bits], _codes = new int[Lanes];
    private OddTile _tile = null!;

    // What rows are made up of: which open row it is, and its terms, twice the same where it is one; or two of which it is one.
    private readonly (int Row, int One, int Two, bool Either)[] _found = new (int, int, int, bool)[OddWeights.LargestTile];
    private int _rows;

    /// <summary>Looks for the flips of a tile's open rows, and asks for their accumulators, which are far away.</summary>
    /// <param name="tile">The tile; nothing else may change it before <see cref="Settle()"/>.</param>
    public void Look(OddTile tile)
    {
        (_tile, _rows) = (tile, 0);
        // A few are searched sooner.
        if (tile.Open < Least)
            return;
        ListTerms();
        for (var row = 0; row < tile.Open; row += Lanes)
        {
            var (singles, pairs) = Look(tile.Deviations(row));
            for (var rows = singles | pairs; rows != 0; rows &= rows - 1)
            {
                var lane = BitOperations.TrailingZeroCount(rows);
                Find(row + lane, _codes[lane], (singles >> lane & 1) != 0);
            }
        }
    }

    /// <summary>Settles the rows that were made up, where their accumulators bear it.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Settle()
    {
        var before = _tile.Count;
        foreach (var (row, one, two, either) in _found.AsSpan(0, _rows))
        {
            if (either)
            {
                SettleEither(row, one, two);
                continue;
            }

            // Of a column's terms one may be gone and the others are still there, but each is only one row's.
            if ((_places[one] == Gone) | (_places[two] == Gone) || !(_tile.Bears(row, _places[one], _changes[one]) & _tile.Bears(row, _places[two], _changes[two])))
                continue;
            _tile.Place(row, _places[one], _changes[one]);
            if (one != two)
                _tile.Place(row, _places[two], _changes[two]);
            (_places[one], _places[two]) = (Gone, Gone);
        }

        if (_tile.Count == before)
            return false;
        _tile.DropClosed();
        return true;
    }

    /// <summary>Settles a row that two columns show as it is, as high bits may, modulo 2^32, where only one accumulator bears it.</summary>
    private void SettleEither(int row, int one, int two)
    {
        var first = _places[one] != Gone && _tile.Bears(row, _places[one], _changes[one]);
        var second = _places[two] != Gone && _tile.Bears(row, _places[two], _changes[two]);
        // Of two that would bear it the one is meant that is as large as a flip of such a bit makes it.
        if (first & second)
            (first, second) = (_tile.IsLarge(row, _places[one], _changes[one]), _tile.IsLarge(row, _places[two], _changes[two]));
        if (first == second)
            return;
        var term = first ? one : two;
        _tile.Place(row, _places[term], _changes[term]);
        _places[term] = Gone;
    }

    /// <summary>Files what the columns show, in the fewest terms.</summary>
    private void ListTerms()
    {
        _products.AsSpan().Clear();
        _counts.AsSpan().Clear();
        ref int products = ref _products[0], places = ref _places[0], changes = ref _changes[0], counts = ref _counts[0];
        foreach (var column in _tile.DeviatingColumns())
        {
            var shown = _tile.Columns[column];
            var (sign, size) = (shown >> 31 | 1, (ulong)LineWeight.Size(shown));
            for (var digits = LineWeight.Digits(shown) & int.MaxValue; digits != 0; digits &= digits - 1)
            {
                var bit = BitOperations.TrailingZeroCount(digits);
                var change = sign * (int)((3 * size >> bit & 2) - 1) << bit;
                ref var count = ref Unsafe.Add(ref counts, 31 - bit);
                var at = Math.Min(count++, WidthOfHigh) * Bits + 31 - bit;
                (Unsafe.Add(ref products, at), Unsafe.Add(ref places, at), Unsafe.Add(ref changes, at)) = (change * OddWeights.Of(column), column, change);
            }
        }
    }

    /// <summary>Looks for the sets of sixteen rows. Codes tell the terms.</summary>
    /// <returns>A bit for each that is one flip, and for each that is two.</returns>
    private (ulong Singles, ulong Pairs) Look(Vector512<int> rows)
    {
        ref var products = ref _products[0];
        Vector512<int> singles = default, pairs = default, triples = default, codes = default;
        var bits = BitsOf(rows);
        var crowded = Products(ref products, Width, bits);
        Vector512<int> crowdedPairs = default;
        for (var first = 0; first < Width; first++)
        {
            var product = Products(ref products, first, bits);
            var some = ~Vector512.Equals(product, Vector512<int>.Zero);
            var hits = Vector512.Equals(product, rows) & some;
            singles -= hits;
            codes |= hits & Vector512.Create(1 << first);
            // Nothing is left of a row that is made up, or that has no such term.
            var rest = rows - product & some;
            var restBits = BitsOf(rest);
            crowded |= Products(ref products, Width, restBits);
            for (var second = 0; second < Width; second++)
            {
                product = Products(ref products, second, restBits);
                some = ~Vector512.Equals(product, Vector512<int>.Zero);
                hits = Vector512.Equals(product, rest) & some;
                pairs -= hits;
                codes |= hits & Vector512.Create(first << First | second << Second);
                var last = rest - product & some;
                var lastBits = BitsOf(last);
                crowdedPairs |= Products(ref products, Width, lastBits);
                some = ~Vector512.Equals(last, Vector512<int>.Zero);
                for (var third = 0; third < Width; third++)
                    triples -= Vector512.Equals(Products(ref products, third, lastBits), last) & some;
            }
        }

        var none = Vector512<int>.Zero;
        for (var first = Width; first < WidthOfHigh; first++)
        {
            var hits = Vector512.Equals(Products(ref products, first, bits), rows) & ~Vector512.Equals(rows, none);
            singles -= hits;
            codes |= hits & Vector512.Create(1 << first);
        }

        codes.StoreUnsafe(ref _codes[0]);
        var isHigh = Vector512.LessThan(bits, Vector512.Create(31 - OddTile.HighestNamed)) & Vector512.Equals(Products(ref products, WidthOfHigh, bits), none);
        var isSingle = (Vector512.Equals(singles, Vector512<int>.One) & (Vector512.Equals(crowded, none) | isHigh) & Vector512.Equals(pairs, none)) | (Vector512.Equals(singles, Vector512.Create(2)) & isHigh);
        var isPair = Vector512.Equals(pairs, Vector512<int>.One) & Vector512.Equals(singles | triples | crowded | crowdedPairs, none);
        return (isSingle.ExtractMostSignificantBits(), isPair.ExtractMostSignificantBits());
    }

    /// <summary>Notes what a row is made up of.</summary>
    private void Find(int row, int code, bool single)
    {
        var deviation = _tile.Deviation(row);
        var bit = BitOperations.LeadingZeroCount((uint)(deviation & -deviation));
        var (choice, other) = (BitOperations.TrailingZeroCount(code), code & (code - 1) & (1 << First) - 1);
        var one = (single ? choice : code >> First & Choice) * Bits + bit;
        var rest = deviation - _products[one];
        var two = !single ? (code >> Second & Choice) * Bits + BitOperations.LeadingZeroCount((uint)(rest & -rest))
            : other != 0 ? BitOperations.TrailingZeroCount(other) * Bits + bit : one;
        _found[_rows] = (row, one, two, single & other != 0);
        // No accumulator is hit twice.
        _rows += single | _places[one] != _places[two] ? 1 : 0;
        _tile.Fetch(row, _places[one]);
        _tile.Fetch(row, _places[two]);
    }

    /// <summary>Where the lowest bits of numbers are filed; <see cref="Nothing"/> where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> BitsOf(Vector512<int> numbers)
    {
        var lowest = numbers & -numbers;
        if (Avx512CD.IsSupported)
            return Avx512CD.LeadingZeroCount(lowest) & Vector512.Create(Bits - 1);
        var exponents = Vector512.ConvertToSingle(lowest).AsInt32() >> 23 & Vector512.Create(255);
        return Vector512.ConditionalSelect(Vector512.Equals(lowest, Vector512<int>.Zero), Vector512.Create(Nothing), Vector512.Create(127 + 31) - exponents);
    }

    /// <summary>What terms of some bits make a row deviate by; 0 where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(ref int products, int which, Vector512<int> bits)
    {
        Vector512<int> low = Vector512.LoadUnsafe(ref products, (nuint)(which * Bits)), high = Vector512.LoadUnsafe(ref products, (nuint)(which * Bits + Lanes));
        if (Avx512F.IsSupported)
            return Avx512F.PermuteVar16x32x2(low, bits, high);
        var within = bits & Vector512.Create(Lanes - 1);
        return Vector512.ConditionalSelect(Vector512.Equals(bits, within), Vector512.Shuffle(low, within), Vector512.Shuffle(high, within));
    }
}
