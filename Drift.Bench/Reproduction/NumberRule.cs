using System.Globalization;

namespace Drift.Bench;

/// <summary>Judges a number against a quoted one: reproduced within one distance, in shape within another.</summary>
/// <param name="Close">Largest distance at which the number is reproduced, in the unit of both.</param>
/// <param name="Shape">Largest distance at which it is reproduced in shape.</param>
/// <param name="Unit">The unit, for people.</param>
/// <param name="Format">How numbers are written.</param>
internal sealed record NumberRule(double Close, double Shape, string Unit, string Format = "0.###")
{
    /// <summary>Judges.</summary>
    /// <param name="statement">The claim.</param>
    /// <param name="quoted">The paper's number; null where none is quoted.</param>
    /// <param name="ours">Ours; null where there is none.</param>
    /// <param name="kind">Where ours comes from.</param>
    public Claim Judge(string statement, double? quoted, double? ours, ColumnKind kind)
    {
        var distance = Math.Abs((ours ?? double.NaN) - (quoted ?? double.NaN));
        var verdict = double.IsNaN(distance) ? Verdict.CannotBeJudgedHere
            : distance <= Close ? Verdict.Reproduced
            : distance <= Shape ? Verdict.ReproducedInShape
            : Verdict.NotReproduced;
        return new Claim(statement, Text(quoted), ours is null ? "" : $"{Text(ours)} ({Column.Words(kind)})", verdict,
            $"Reproduced within {Text(Close)} of the quoted figure, in shape within {Text(Shape)}.");
    }

    /// <summary>Judges many numbers at once by the one that lies farthest off.</summary>
    /// <param name="statement">The claim.</param>
    /// <param name="pairs">Quoted and ours; pairs without a quoted figure do not count.</param>
    /// <param name="kind">Where ours come from.</param>
    public Claim JudgeAll(string statement, IEnumerable<(double? Quoted, double? Ours)> pairs, ColumnKind kind)
    {
        var compared = pairs.Where(pair => pair.Quoted is not null).ToList();
        if (compared.Count == 0 || compared.Any(pair => pair.Ours is null))
            return Judge(statement, null, null, kind);
        var farthest = compared.MaxBy(pair => Math.Abs(pair.Ours!.Value - pair.Quoted!.Value));
        return Judge(statement, farthest.Quoted, farthest.Ours, kind) with
        {
            Rule = $"Of {compared.Count} quoted figures the one farthest off decides: reproduced within {Text(Close)}, in shape within {Text(Shape)}.",
        };
    }

    private string Text(double? value) => value is { } number ? $"{number.ToString(Format, CultureInfo.InvariantCulture)} {Unit}".TrimEnd() : "";
}
