namespace Drift.Kernels;

/// <summary>
/// How often an accumulator is hit, and in which bit. The rate is per output ELEMENT: each element is hit independently with this probability, and a hit
/// inverts exactly one bit.
/// </summary>
public sealed class BitErrorProfile
{
    private const int GuideBits = 6;
    private readonly ulong[] _cumulative;
    private readonly byte[] _guide = new byte[1 << GuideBits];

    /// <summary>A profile from a rate and the relative weight of each bit.</summary>
    /// <param name="ratePerElement">Probability that an element is hit, 0..1.</param>
    /// <param name="bitWeights">Relative weights of bits 0..31; missing ones are 0, at least one is positive.</param>
    /// <exception cref="ArgumentException">A rate outside 0..1, a negative or non-finite weight, or no positive weight.</exception>
    public BitErrorProfile(double ratePerElement, ReadOnlySpan<double> bitWeights)
    {
        if (!(ratePerElement is >= 0 and <= 1))
            throw new ArgumentException($"an error rate per element lies between 0 and 1, not {ratePerElement}", nameof(ratePerElement));
        if (bitWeights.Length is 0 or > 32)
            throw new ArgumentException($"bit weights are given for bits 0..31, not for {bitWeights.Length} bits", nameof(bitWeights));
        double total = 0;
        foreach (var weight in bitWeights)
        {
            if (!(weight >= 0 && double.IsFinite(weight)))
                throw new ArgumentException($"a bit weight is finite and not negative, not {weight}", nameof(bitWeights));
            total += weight;
        }

        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentException("at least one bit needs a positive weight", nameof(bitWeights));
        RatePerElement = ratePerElement;
        _cumulative = new ulong[bitWeights.Length];
        double sum = 0;
        for (var bit = 0; bit < bitWeights.Length; bit++)
        {
            sum += bitWeights[bit];
            _cumulative[bit] = (ulong)Math.Ceiling(sum / total * (1UL << 32));
        }

        for (var i = 0; i < _guide.Length; i++)
            _guide[i] = (byte)Search(0, (uint)i << (32 - GuideBits));
    }

    /// <summary>Probability that an element is hit.</summary>
    public double RatePerElement { get; }

    /// <summary>How hits lie together; null where each element is hit on its own (the paper's assumption).</summary>
    public IFaultPattern? Pattern { get; init; }

    /// <summary>The paper's profile: every bit of 0..30 alike, the sign never (DRIFT, experiment settings).</summary>
    /// <param name="ratePerElement">Probability that an element is hit, 0..1.</param>
    public static BitErrorProfile Uniform(double ratePerElement)
    {
        var weights = new double[31];
        Array.Fill(weights, 1);
        return new BitErrorProfile(ratePerElement, weights);
    }

    /// <summary>Only one bit is ever hit.</summary>
    /// <param name="ratePerElement">Probability that an element is hit, 0..1.</param>
    /// <param name="bit">The bit, 0..31.</param>
    public static BitErrorProfile Single(double ratePerElement, int bit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bit, 31);
        var weights = new double[bit + 1];
        weights[bit] = 1;
        return new BitErrorProfile(ratePerElement, weights);
    }

    /// <summary>The bit that a random word selects. Its leading bits say where the search begins.</summary>
    internal int Bit(uint word) => Search(_guide[word >> (32 - GuideBits)], word);

    private int Search(int bit, uint word)
    {
        while (_cumulative[bit] <= word)
            bit++;
        return bit;
    }
}
