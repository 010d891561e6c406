namespace Drift.Abft;

/// <summary>What is known of some values along K: by block of K, so that a trend shows.</summary>
/// <param name="sums">Sum of each block; of several lines, the root of the sum of their squares.</param>
/// <param name="squares">Sum of the squares of each block, over all lines.</param>
/// <param name="largest">Largest magnitude.</param>
public readonly ref struct DepthProfile(ReadOnlySpan<double> sums, ReadOnlySpan<double> squares, double largest)
{
    /// <summary>Sum of each block.</summary>
    public ReadOnlySpan<double> Sums { get; } = sums;

    /// <summary>Sum of the squares of each block.</summary>
    public ReadOnlySpan<double> Squares { get; } = squares;

    /// <summary>Largest magnitude.</summary>
    public double Largest { get; } = largest;

    /// <summary>Euclidean norm.</summary>
    public double Norm
    {
        get
        {
            var sum = 0.0;
            foreach (var square in Squares)
                sum += square;
            return Math.Sqrt(sum);
        }
    }
}

/// <summary>A line of a tile: one line of one operand against the tile's lines of the other.</summary>
public readonly ref struct CheckedLine
{
    /// <summary>The line's own operand.</summary>
    public required DepthProfile Own { get; init; }

    /// <summary>The lines that it meets.</summary>
    public required DepthProfile Others { get; init; }

    /// <summary>Sum of the norms of the lines that it meets.</summary>
    public required double OtherNorms { get; init; }

    /// <summary>The sum of the lines that it meets, as rounded.</summary>
    public required DepthProfile Summed { get; init; }

    /// <summary>K.</summary>
    public required int Depth { get; init; }

    /// <summary>Elements on the line.</summary>
    public required int Length { get; init; }

    /// <summary>The expected sum, as computed.</summary>
    public required double Expected { get; init; }

    /// <summary>The type that products and sums are rounded to.</summary>
    public required FloatFormat Format { get; init; }

    /// <summary>Terms of K in each block: the last ones may be shorter, or empty.</summary>
    public required ReadOnlySpan<double> Terms { get; init; }
}

/// <summary>A floating-point type.</summary>
/// <param name="Name">As users write it.</param>
/// <param name="UnitRoundoff">u: rounding changes a normal number x by at most u |x|.</param>
/// <param name="HalfSubnormal">Rounding changes a subnormal number by at most this.</param>
public sealed record FloatFormat(string Name, double UnitRoundoff, double HalfSubnormal)
{
    /// <summary>IEEE binary32.</summary>
    public static FloatFormat Single { get; } = new("fp32", Math.ScaleB(1, -24), Math.ScaleB(1, -150));
}
