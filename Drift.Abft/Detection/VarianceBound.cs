namespace Drift.Abft;

/// <summary>
/// V-ABFT: a threshold from the variance of the rounding errors, which the operands' means and variances give (after arXiv 2602.08043; derived anew in docs/checksum.md). Every rounding of a sum s errs by at
/// most u |s| and, as is assumed (Higham and Mary 2019), independently and without bias: then the total has variance proxy u^2 / 3 times the sum of all E s^2, and passes <see cref="Deviations"/> roots of it
/// once in 10^12 lines.
/// </summary>
public sealed class VarianceBound : IRoundingBound
{
    /// <summary>Roots of the variance proxy: 2 exp(-x^2 / 2) = 1e-12.</summary>
    public static readonly double Deviations = Math.Sqrt(2 * Math.Log(2e12));

    /// <inheritdoc/>
    public double Of(in CheckedLine line)
    {
        double depth = line.Depth, length = line.Length, square = line.Expected * line.Expected;
        var (elements, outputs) = Walk(line, line.Others);
        var (expected, _) = Walk(line, line.Summed);
        // What means and variances do not tell: terms that are related, as in A A^T, let a sum grow evenly to e; a term as large as the largest may come early, stay for all of K, and be taken back at the end.
        var term = line.Own.Largest * line.Others.Largest;
        var trend = 2 * depth * (square / 3 + term * term);
        var observed = length / 2 * outputs + length / 3 * square;
        var summed = 0.0;
        for (var b = 0; b < line.Terms.Length && line.Terms[b] > 0; b++)
            summed += line.Own.Squares[b] * (length / 2 * line.Others.Squares[b] + length / 3 * line.Summed.Squares[b]) / line.Terms[b];
        var squares = elements + expected + trend + observed + summed;
        var roundings = 2 * depth * length + depth + length;
        var (u, tiny) = (line.Format.UnitRoundoff, line.Format.HalfSubnormal);
        return Deviations * Math.Sqrt((u * u * squares + roundings * tiny * tiny) / 3);
    }

    /// <summary>
    /// The sum over p of E s_p^2, s_p the partial sums of the products of a line with others, and E s_K^2. In a block of n terms the mean of s moves by n mean(a) mean(w), its variance grows by
    /// n mean(a^2) mean(w^2); means are taken to add up whatever their signs.
    /// </summary>
    private static (double All, double Last) Walk(in CheckedLine line, in DepthProfile others)
    {
        double mean = 0, variance = 0, all = 0;
        for (var b = 0; b < line.Terms.Length && line.Terms[b] > 0; b++)
        {
            var terms = line.Terms[b];
            var growth = line.Own.Squares[b] * others.Squares[b] / terms;
            mean += Math.Abs(line.Own.Sums[b]) * Math.Abs(others.Sums[b]) / terms;
            all += terms * (mean * mean + variance + growth / 2);
            variance += growth;
        }

        return (all, mean * mean + variance);
    }
}
