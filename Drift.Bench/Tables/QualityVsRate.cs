using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Quality against the rate without protection, for the three kinds of models.</summary>
internal sealed class QualityVsRate : ITable
{
    private static readonly OperatingPoint Faulty = OperatingPoint.Of(0.675, 2);
    private static readonly double[] LowerRates = [1e-9, 1e-8];

    /// <inheritdoc/>
    public string Id => "quality-vs-rate";

    /// <inheritdoc/>
    public string Title => "Quality without protection";

    /// <inheritdoc/>
    public string About => "Uniform bits, every guarded layer, every step. ImageReward is quoted; the notes do not name the model that it is of, so it stands beside each of ours. Ours are judged by the feature distance where a shipped network sees such pictures, else by the root mean square difference.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("model", "small model"), Column.Setting("rate", "rate per element"), Column.Quoted("image_reward", "ImageReward"), Column.Measured("distance", "feature distance", hasInterval: true),
        Column.Measured("error", "root mean square difference, grey levels", hasInterval: true), Column.Measured("psnr", "PSNR, dB"), Column.Measured("clip", "CLIP score", hasInterval: true),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        var rates = LowerRates.Concat(context.Budget.Rates).ToList();
        double? Reward(double rate) => quoted.Find("unprotected", "image_reward", rate);
        var (rows, claims, curves) = (new List<IReadOnlyList<Cell>>(), new List<Claim>(), new List<Curve>());
        foreach (var name in TrueModel.Names)
        {
            var model = context.Models.For(name);
            var results = context.Draw(model, [.. rates.Select(rate => new Trial(model.Strategy(() => new UniformPolicy(Faulty), null), new ErrorModel(new FixedRate(rate))))]);
            rows.AddRange(rates.Zip(results, (rate, result) => (IReadOnlyList<Cell>)
                [model.Name, rate, Reward(rate), Interval(result.Distance), Interval(result.Error), result.Psnr, Interval(result.Clip)]));
            claims.Add(KneeRule.Judge($"{model.Name} loses its pictures at the rates where the paper's model does",
                [new DamageCurve(model.Name, [.. rates.Zip(results, (rate, result) => new DamagePoint(rate, -Reward(rate), result.Damage))])]));
            curves.Add(new Curve(model.Name, ColumnKind.Measured, curves.Count, [.. rates.Zip(results, (rate, result) => (rate, Interval(result.Error)))]));
        }

        var reward = new Curve("unprotected", ColumnKind.Quoted, 3, [.. rates.Select(rate => (rate, (Cell)Reward(rate)))]);
        return new TableResult(rows, claims,
        [
            new Figure("ImageReward (quoted)", "The paper's ImageReward without protection against the rate per element.", "rate per element", "ImageReward", [reward], true),
            new Figure("Difference to the clean pictures (measured)", $"Root mean square difference in grey levels against the rate per element for {string.Join(", ", curves.Select(curve => curve.Name))}.",
                "rate per element", "grey levels", curves, LogX: true, LogY: true),
        ]);
    }

    private static Cell Interval(IReadOnlyList<double>? sample) => sample is null ? default(Cell) : ConfidenceInterval.Of([.. sample]);
}
