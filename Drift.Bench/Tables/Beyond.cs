using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What the paper does not have: every protection of the catalogue at its main rate, at equal seeds.</summary>
internal sealed class Beyond : ITable
{
    private const double Rate = 3e-3;
    private static readonly OperatingPoint Faulty = OperatingPoint.Of(0.675, 2);
    private static readonly string[] LeftOut = ["range-clamp"];

    /// <inheritdoc/>
    public string Id => "beyond";

    /// <inheritdoc/>
    public string Title => "Protections that the paper does not compare with";

    /// <inheritdoc/>
    public string About => "Every protection of the catalogue at the paper's main rate of 3e-3, uniform over the steps, on the small DiT; decoding takes flips back from the checksums' deviations before anything is rolled back. Work is that of the small model's own run, relative to its nominal one. Nothing here is quoted. Range clamping needs a profile of its own and is left to `compare`.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("protection", "protection"), Column.Measured("distance", "feature distance", hasInterval: true), Column.Measured("psnr", "PSNR, dB"), Column.Measured("exact_percent", "flips taken back exactly, %"),
        Column.Measured("escaped", "errors from 2^10 up left, a picture"), Column.Modelled("compute_ratio", "compute and checks, of nominal"), Column.Modelled("time_ratio", "time, of nominal"), Column.Modelled("bytes_ratio", "bytes, of nominal"),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var model = context.Models.For("dit");
        var names = ProtectionCatalog.Names.Except(LeftOut).ToList();
        var errors = new ErrorModel(new FixedRate(Rate));
        var results = context.Draw(model, [.. names.Select(name => new Trial(Methods.Of(model, name, Faulty), errors)), model.Nominal]);
        var nominal = results[^1].Cost;
        var rows = names.Zip(results, (name, result) => (IReadOnlyList<Cell>)
        [
            name, ConfidenceInterval.Of([.. result.Damage]), result.Psnr, result.ExactPercent, result.MissedPerPicture,
            (result.Cost.ComputeEnergy + result.Cost.CheckEnergy) / nominal.ComputeEnergy, result.Cost.Time / nominal.Time, (double)result.Cost.Moved.Value / nominal.Moved.Value,
        ]).ToList();
        var (rollback, decode) = (results[names.IndexOf("rollback")].Damage, results[names.IndexOf("decode")].Damage);
        var gain = ConfidenceInterval.Of([.. rollback.Zip(decode, (a, b) => a - b)]);
        return new TableResult(rows,
            [
                new Claim("Decoding leaves less damage than rollback at the same checks", "", FormattableString.Invariant($"less by {gain.Mean:0.0000} (95 %: {gain.Low:0.0000} to {gain.High:0.0000}) (measured here)"),
                    Verdict.CannotBeJudgedHere, "No paper has this comparison, so there is nothing to reproduce; the interval is of the difference, picture by picture."),
            ],
            []);
    }
}
