using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// Judges whether curves stand in the paper's order. Every two curves that the paper tells apart at a place make a pair; ours decides a pair when the 95 % interval of the
/// logarithm of their ratio, picture by picture, leaves out 0. Damage spans decades and pictures differ by factors, so ratios are what repeats.
/// </summary>
internal static class OrderRule
{
    /// <summary>Differences of the paper's own measure below this are its noise: curves that change nothing move by as much.</summary>
    private const double QuotedGap = 0.05;

    /// <summary>Damage below this share of the greatest counts as so much: two hardly changed pictures have no ratio.</summary>
    private const double Least = 1e-3;

    private const double DecidedShare = 0.5, AgreedShare = 0.8, ContradictedShare = 0.5;

    /// <summary>Judges.</summary>
    /// <param name="statement">The claim.</param>
    /// <param name="curves">Two or more.</param>
    /// <param name="counts">Which places count.</param>
    /// <param name="where">Those places in words.</param>
    public static Claim Judge(string statement, IReadOnlyList<DamageCurve> curves, Func<double, bool> counts, string where)
    {
        int pairs = 0, decided = 0, agreed = 0;
        var least = Least * curves.SelectMany(curve => curve.Points).Max(point => point.Sample.Average());
        double Level(double damage) => Math.Log(Math.Max(damage, least));
        for (var place = 0; place < curves[0].Points.Count; place++)
        {
            if (!counts(curves[0].Points[place].X))
                continue;
            for (var a = 0; a < curves.Count; a++)
            {
                for (var b = 0; b < a; b++)
                {
                    var (one, other) = (curves[a].Points[place], curves[b].Points[place]);
                    if (!(Math.Abs(one.Quoted - other.Quoted ?? double.NaN) > QuotedGap))
                        continue;
                    pairs++;
                    var difference = ConfidenceInterval.Of([.. one.Sample.Zip(other.Sample, (x, y) => Level(x) - Level(y))]);
                    if (!(difference.Low > 0 || difference.High < 0))
                        continue;
                    decided++;
                    agreed += difference.Mean > 0 == one.Quoted > other.Quoted ? 1 : 0;
                }
            }
        }

        var verdict = decided == 0 ? Verdict.CannotBeJudgedHere
            : agreed < ContradictedShare * decided ? Verdict.NotReproduced
            : decided < DecidedShare * pairs ? Verdict.CannotBeJudgedHere
            : agreed == decided ? Verdict.Reproduced
            : agreed >= AgreedShare * decided ? Verdict.ReproducedInShape
            : Verdict.NotReproduced;
        return new Claim(statement, $"{pairs} pairs told apart", $"{decided} pairs decided, {agreed} in the paper's order (measured here)", verdict, string.Create(CultureInfo.InvariantCulture,
            $"Pairs of curves {where} that the paper tells apart by more than {QuotedGap}; ours decides one when the interval of the log ratio, picture by picture, leaves out 0. Reproduced: all that our intervals decide stand in its order; in shape: at least {AgreedShare:P0} of them; not reproduced: fewer; not judged where fewer than half are decided and most of those agree."));
    }
}
