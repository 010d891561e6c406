namespace Drift.Abft;

/// <summary>
/// How often a large flip of an INT32 accumulator is not located because others on its lines cancel or hide it: computed, not measured. Bits are uniform over 0..30, signs are even (products of symmetric
/// operands), hits are independent; a line is flagged when the sum of its flips' deltas, modulo 2^32, is at least the threshold.
/// </summary>
public sealed class CancellationTheory
{
    private const int Bits = 31, Half = 3, MostOthers = 2 * Half;
    private readonly double[,] _hidden;

    /// <summary>The theory of a threshold.</summary>
    /// <param name="threshold">Smallest deviation that flags a line, 1..2^30.</param>
    public CancellationTheory(int threshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, 1 << 30);
        while (1L << FirstLarge < threshold)
            FirstLarge++;
        var sums = new Sums[Half + 1];
        sums[0] = new Sums(new Dictionary<int, double> { [0] = 1 });
        for (var m = 1; m <= Half; m++)
            sums[m] = sums[m - 1].WithOneMore();
        _hidden = new double[Bits, MostOthers + 1];
        for (var bit = FirstLarge; bit < Bits; bit++)
        {
            for (var m = 0; m <= MostOthers; m++)
                _hidden[bit, m] = sums[Math.Min(m, Half)].Within(1 << bit, sums[Math.Max(0, m - Half)], threshold);
        }
    }

    /// <summary>The lowest bit whose flips count as large: the threshold or more.</summary>
    public int FirstLarge { get; }

    /// <summary>Share of flips that are large.</summary>
    public double Large => (double)(Bits - FirstLarge) / Bits;

    /// <summary>The probability that a line with a flip of a bit and some others is not flagged. Beyond six others, that of six.</summary>
    /// <param name="bit">The bit, 0..30, a large one.</param>
    /// <param name="others">Other flips on the line.</param>
    public double Hidden(int bit, int others) => _hidden[bit, Math.Min(others, MostOthers)];

    /// <summary>Probabilities for a large flip when every element is hit at a rate.</summary>
    /// <param name="height">Rows of the tile.</param>
    /// <param name="width">Columns of the tile.</param>
    /// <param name="rate">Hits per element.</param>
    public EscapeShares At(int height, int width, double rate) => Average(bit =>
    {
        double row = Mix(bit, width - 1, rate), column = Mix(bit, height - 1, rate);
        return new EscapeShares(row * (1 - column), column * (1 - row), row * column);
    });

    /// <summary>Probabilities for a large flip in a tile that has some number of flips at distinct places.</summary>
    /// <param name="height">Rows of the tile.</param>
    /// <param name="width">Columns of the tile.</param>
    /// <param name="flips">Flips in the tile, this one included, 1 or more.</param>
    public EscapeShares Given(int height, int width, int flips) => Average(bit =>
    {
        var shares = default(EscapeShares);
        int others = flips - 1, elsewhere = (height - 1) * (width - 1);
        for (var onRow = 0; onRow <= Math.Min(others, width - 1); onRow++)
        {
            for (var onColumn = 0; onColumn <= Math.Min(others - onRow, height - 1); onColumn++)
            {
                if (others - onRow - onColumn > elsewhere)
                    continue;
                var chance = Math.Exp(Choose(width - 1, onRow) + Choose(height - 1, onColumn) + Choose(elsewhere, others - onRow - onColumn) - Choose(height * width - 1, others));
                double row = Hidden(bit, onRow), column = Hidden(bit, onColumn);
                shares += new EscapeShares(chance * row * (1 - column), chance * column * (1 - row), chance * row * column);
            }
        }

        return shares;
    });

    private EscapeShares Average(Func<int, EscapeShares> of)
    {
        var sum = default(EscapeShares);
        for (var bit = FirstLarge; bit < Bits; bit++)
            sum += of(bit);
        var count = Bits - FirstLarge;
        return new EscapeShares(sum.Row / count, sum.Column / count, sum.Both / count);
    }

    /// <summary>A line of so many other elements, each hit at a rate.</summary>
    private double Mix(int bit, int elements, double rate)
    {
        var sum = 0.0;
        for (var m = 0; m <= elements; m++)
        {
            var chance = rate is 0 or 1 ? (m == (rate == 0 ? 0 : elements) ? 1 : 0) : Math.Exp(Choose(elements, m) + m * Math.Log(rate) + (elements - m) * Math.Log(1 - rate));
            sum += chance * Hidden(bit, m);
        }

        return sum;
    }

    /// <summary>ln of a binomial coefficient.</summary>
    private static double Choose(int n, int k)
    {
        var sum = 0.0;
        for (var i = 1; i <= k; i++)
            sum += Math.Log((double)(n - k + i) / i);
        return sum;
    }

    /// <summary>The distribution of a sum of deltas +-2^b modulo 2^32, by value.</summary>
    private sealed class Sums
    {
        private readonly int[] _values;
        private readonly double[] _chances;
        private readonly double[] _below;

        public Sums(IReadOnlyDictionary<int, double> chances)
        {
            var sorted = chances.OrderBy(entry => entry.Key).ToList();
            _values = [.. sorted.Select(entry => entry.Key)];
            _chances = [.. sorted.Select(entry => entry.Value)];
            _below = new double[sorted.Count + 1];
            for (var i = 0; i < sorted.Count; i++)
                _below[i + 1] = _below[i] + _chances[i];
        }

        /// <summary>The sum with one more flip of any bit and sign.</summary>
        public Sums WithOneMore()
        {
            var chances = new Dictionary<int, double>();
            for (var i = 0; i < _values.Length; i++)
            {
                for (var bit = 0; bit < Bits; bit++)
                {
                    Add(_values[i] + (1 << bit), _chances[i] / (2 * Bits));
                    Add(_values[i] - (1 << bit), _chances[i] / (2 * Bits));
                }
            }

            return new Sums(chances);

            void Add(int value, double chance) => chances[value] = chances.GetValueOrDefault(value) + chance;
        }

        /// <summary>The probability that a term and two such sums together stay below a threshold in magnitude.</summary>
        public double Within(int term, Sums other, int threshold)
        {
            var sum = 0.0;
            for (var i = 0; i < other._values.Length; i++)
            {
                var centre = -(term + other._values[i]);
                int low = centre - (threshold - 1), high = centre + (threshold - 1);
                sum += other._chances[i] * (low <= high ? UpTo(high) - Below(low) : 1 - Below(low) + UpTo(high));
            }

            return sum;
        }

        private double Below(int value)
        {
            var at = Array.BinarySearch(_values, value);
            return _below[at >= 0 ? at : ~at];
        }

        private double UpTo(int value)
        {
            var at = Array.BinarySearch(_values, value);
            return _below[at >= 0 ? at + 1 : ~at];
        }
    }
}

/// <summary>How large flips that are not located escape, as shares of all large flips.</summary>
/// <param name="Row">Their row is not flagged, their column is.</param>
/// <param name="Column">Their column is not flagged, their row is.</param>
/// <param name="Both">Neither is.</param>
public readonly record struct EscapeShares(double Row, double Column, double Both)
{
    /// <summary>All of them.</summary>
    public double All => Row + Column + Both;

    /// <summary>Adds shares.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static EscapeShares operator +(EscapeShares a, EscapeShares b) => new(a.Row + b.Row, a.Column + b.Column, a.Both + b.Both);
}
