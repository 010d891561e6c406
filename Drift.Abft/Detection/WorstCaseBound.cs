namespace Drift.Abft;

/// <summary>
/// Higham's worst case (Accuracy and Stability of Numerical Algorithms, 2002, section 3.1): a sum of n products errs by at most gamma_n sum |a| |w|, gamma_n = n u / (1 - n u), in any order. The sum of magnitudes is
/// bounded by the norms (Cauchy-Schwarz). No assumption at all; both sums may err, hence twice.
/// </summary>
public sealed class WorstCaseBound : IRoundingBound
{
    /// <inheritdoc/>
    public double Of(in CheckedLine line)
    {
        double terms = line.Depth + line.Length, error = terms * line.Format.UnitRoundoff;
        // Underflow adds its own, at most half a subnormal a rounding.
        var tiny = (2.0 * line.Depth * line.Length + terms) * line.Format.HalfSubnormal;
        return 2 * error / (1 - error) * line.Own.Norm * line.OtherNorms + 2 * tiny;
    }
}
