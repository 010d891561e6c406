namespace Drift.Bench;

/// <summary>
/// Judges where curves rise. A curve's knee is the first place at which its damage passes half the way from the least to the greatest of the whole table, the paper's in its
/// measure, ours in ours. A curve that never gets there has its knee one step past the end.
/// </summary>
internal static class KneeRule
{
    private const double Half = 0.5;

    /// <summary>A single curve has no order to keep.</summary>
    private const int MostSteps = 2;

    /// <summary>Judges.</summary>
    /// <param name="statement">The claim.</param>
    /// <param name="curves">Curves; those without a quoted figure at every place do not count.</param>
    public static Claim Judge(string statement, IReadOnlyList<DamageCurve> curves)
    {
        var quoted = curves.Where(curve => curve.Points.All(point => point.Quoted is not null)).ToList();
        const string rule = "A knee is where a curve first passes half the way from the table's least to its greatest damage. Reproduced: every knee within one step of the paper's; in shape: no two knees in the reverse order, or a single knee within two steps; else not.";
        if (quoted.Count == 0)
            return new Claim(statement, "", "", Verdict.CannotBeJudgedHere, rule);
        var theirs = Knees(quoted, point => point.Quoted!.Value);
        var ours = Knees(quoted, point => point.Sample.Average());
        var reversed = theirs.Zip(ours).SelectMany(_ => theirs.Zip(ours), (a, b) => (a, b)).Any(pair => pair.a.First < pair.b.First && pair.a.Second > pair.b.Second);
        var verdict = theirs.Zip(ours).All(knee => Math.Abs(knee.First - knee.Second) <= 1) ? Verdict.Reproduced
            : reversed || quoted.Count == 1 && Math.Abs(theirs[0] - ours[0]) > MostSteps ? Verdict.NotReproduced
            : Verdict.ReproducedInShape;
        return new Claim(statement, Text(quoted, theirs), $"{Text(quoted, ours)} (measured here)", verdict, rule);
    }

    private static List<int> Knees(List<DamageCurve> curves, Func<DamagePoint, double> value)
    {
        var all = curves.SelectMany(curve => curve.Points).Select(value).ToList();
        var half = all.Min() + Half * (all.Max() - all.Min());
        return [.. curves.Select(curve => curve.Points.TakeWhile(point => value(point) < half).Count())];
    }

    private static string Text(List<DamageCurve> curves, List<int> knees) => string.Join(", ", curves.Zip(knees, (curve, knee) => knee == curve.Points.Count
        ? $"{curve.Name}: never"
        : $"{curve.Name}: {CellText.Of(curve.Points[knee].X)}"));
}
