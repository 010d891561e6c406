using System.Numerics;
using System.Runtime.CompilerServices;

namespace Drift.Kernels;

/// <summary>
/// Draws fault plans. Each 32x32 block of the output has its own random stream, a pure function of (seed, site, block row, block column): a binomial
/// count, then that many distinct positions, one bit each. So a plan costs one draw a block, not one an element, and is the same on every backend, tile size and
/// thread count. A profile's pattern may confine a block's faults to a part of it, or lengthen each into a run. One planner serves one thread; a plan lives until the
/// next draw.
/// </summary>
public sealed class FaultPlanner
{
    private const double TwoTo64 = 18446744073709551616.0;
    private const int Elements = FaultPlan.Block * FaultPlan.Block;
    private readonly Dictionary<(double Rate, int Elements), ulong[]> _distributions = [];
    private readonly ulong[] _taken = new ulong[Elements / 64];
    private readonly ulong[] _runs = new ulong[Elements / 64];
    private Flip[] _flips = new Flip[256];
    private int[] _starts = new int[65];

    /// <summary>The plan of one site.</summary>
    /// <param name="seed">Seed of the picture.</param>
    /// <param name="site">Where the product stands. Its fields and the block's coordinates are the random function's counter, so none may pass 65535.</param>
    /// <param name="m">Rows of the product.</param>
    /// <param name="n">Columns of the product.</param>
    /// <param name="profile">Rate per element and bit weights.</param>
    /// <exception cref="ArgumentOutOfRangeException">A field of the site or a block coordinate passes 65535.</exception>
    public FaultPlan Draw(ulong seed, GemmSite site, int m, int n, BitErrorProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (profile.RatePerElement == 0)
            return FaultPlan.None;
        int blockRows = FaultPlan.Blocks(m), blockColumns = FaultPlan.Blocks(n);
        var c2 = Pack(site.Step, site.Block, nameof(site));
        var c3 = Pack((int)site.Role, site.Index, nameof(site));
        _ = Pack(blockRows, blockColumns, nameof(m));
        if (_starts.Length <= blockRows * blockColumns)
            _starts = new int[blockRows * blockColumns + 1];

        int count = 0, block = 0;
        for (var blockRow = 0; blockRow < blockRows; blockRow++)
        {
            var rows = Math.Min(FaultPlan.Block, m - blockRow * FaultPlan.Block);
            for (var blockColumn = 0; blockColumn < blockColumns; blockColumn++)
            {
                var columns = Math.Min(FaultPlan.Block, n - blockColumn * FaultPlan.Block);
                _starts[block++] = count;
                var stream = new Stream(seed, (uint)(blockRow << 16 | blockColumn), c2, c3);
                var faults = new FaultBlock(seed, site, blockRow, blockColumn, blockRows, blockColumns, rows, columns);
                var region = profile.Pattern?.In(faults, profile.RatePerElement) ?? faults.Whole(profile.RatePerElement);
                var hits = Count(Distribution(region.Rate, region.Rows * region.Columns), stream.Next64());
                var most = hits * region.Run;
                if (count + most > _flips.Length)
                    Array.Resize(ref _flips, (int)BitOperations.RoundUpToPowerOf2((uint)(count + most)));
                count += Place(ref stream, profile, hits, region, blockRow * FaultPlan.Block, blockColumn * FaultPlan.Block, _flips.AsSpan(count, most));
            }
        }

        _starts[block] = count;
        return new FaultPlan(_flips, count, _starts, m, n);
    }

    /// <summary>
    /// Distinct positions by rejection while few are taken, else by choosing the ones left out; then sorted, and one bit each in that order.
    /// </summary>
    /// <returns>How many flips there are: the hits, unless each takes a run.</returns>
    private int Place(ref Stream stream, BitErrorProfile profile, int hits, in FaultRegion region, int firstRow, int firstColumn, Span<Flip> flips)
    {
        if (hits == 0)
            return 0;
        var columns = region.Columns;
        var elements = region.Rows * columns;
        var inverted = hits > elements / 2;
        var words = inverted ? uint.MaxValue >> (32 - (elements + 63) / 64) : 0;
        for (var left = inverted ? elements - hits : hits; left > 0;)
        {
            var position = (int)((ulong)stream.Next32() * (uint)elements >> 32);
            var bit = 1UL << (position & 63);
            if ((_taken[position >> 6] & bit) != 0)
                continue;
            _taken[position >> 6] |= bit;
            words |= 1u << (position >> 6);
            left--;
        }

        if (region.Run > 1)
            (words, inverted) = (Lengthen(region, inverted), false);

        // Only words with something in them are visited, and left empty for the next block.
        var next = 0;
        for (; words != 0; words &= words - 1)
        {
            var word = BitOperations.TrailingZeroCount(words);
            var chosen = inverted ? ~_taken[word] : _taken[word];
            _taken[word] = 0;
            if (elements - (word << 6) < 64)
                chosen &= (1UL << (elements - (word << 6))) - 1;
            for (; chosen != 0; chosen &= chosen - 1)
            {
                var position = (word << 6) + BitOperations.TrailingZeroCount(chosen);
                var row = columns == FaultPlan.Block ? position / FaultPlan.Block : position / columns;
                flips[next++] = new Flip(firstRow + region.Row + row, firstColumn + region.Column + position - row * columns, profile.Bit(stream.Next32()));
            }
        }

        return next;
    }

    /// <summary>Each taken position becomes a run along its row; where runs meet, an element is still hit once.</summary>
    /// <returns>The words that have something in them.</returns>
    private uint Lengthen(in FaultRegion region, bool inverted)
    {
        Array.Clear(_runs);
        for (var position = 0; position < region.Rows * region.Columns; position++)
        {
            if ((_taken[position >> 6] >> (position & 63) & 1) != 0 == inverted)
                continue;
            var (row, column) = Math.DivRem(position, region.Columns);
            for (var i = 0; i < region.Run; i++)
            {
                var hit = row * region.Columns + (column + i) % region.Columns;
                _runs[hit >> 6] |= 1UL << (hit & 63);
            }
        }

        uint words = 0;
        for (var word = 0; word < _taken.Length; word++)
        {
            _taken[word] = _runs[word];
            words |= _taken[word] != 0 ? 1u << word : 0;
        }

        return words;
    }

    /// <summary>Cumulative binomial distribution of the number of hits, scaled to 2^64; by the ratio of neighbouring terms, in IEEE arithmetic alone.</summary>
    private ulong[] Distribution(double rate, int elements)
    {
        if (_distributions.TryGetValue((rate, elements), out var cumulative))
            return cumulative;
        cumulative = new ulong[elements + 1];
        // Terms relative to the most likely count, so that none overflows and the sum is well scaled at every rate.
        var terms = new double[elements + 1];
        var mode = (int)Math.Min(elements, Math.Floor((elements + 1) * rate));
        terms[mode] = 1;
        var odds = rate / (1 - rate);
        for (var k = mode; k < elements && rate < 1; k++)
            terms[k + 1] = terms[k] * (elements - k) / (k + 1) * odds;
        for (var k = mode; k > 0 && rate < 1; k--)
            terms[k - 1] = terms[k] * k / (elements - k + 1) / odds;
        double total = 0, sum = 0;
        foreach (var term in terms)
            total += term;
        for (var k = 0; k <= elements; k++)
        {
            sum += terms[k];
            var scaled = sum / total * TwoTo64;
            cumulative[k] = scaled >= TwoTo64 ? ulong.MaxValue : (ulong)scaled;
        }

        cumulative[elements] = ulong.MaxValue;
        return _distributions[(rate, elements)] = cumulative;
    }

    private static int Count(ulong[] cumulative, ulong uniform)
    {
        var k = 0;
        while (k < cumulative.Length - 1 && cumulative[k] <= uniform)
            k++;
        return k;
    }

    private static uint Pack(int high, int low, string name)
    {
        if ((uint)high > ushort.MaxValue || (uint)low > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(name, $"({high}, {low}) does not fit the fault plan's key: each is 0..65535");
        return (uint)(high << 16 | low);
    }

    /// <summary>The words of one block, in order.</summary>
    private struct Stream(ulong seed, uint block, uint c2, uint c3)
    {
        private (uint, uint, uint, uint) _words;
        private uint _drawn;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public uint Next32()
        {
            if ((_drawn & 3) == 0)
                _words = Philox.Words(_drawn >> 2, block, c2, c3, seed);
            return (_drawn++ & 3) switch { 0 => _words.Item1, 1 => _words.Item2, 2 => _words.Item3, _ => _words.Item4 };
        }

        public ulong Next64() => Next32() | (ulong)Next32() << 32;
    }
}
