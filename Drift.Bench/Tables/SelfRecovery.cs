using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Observation 4: a disturbed latent recovers over the steps, and neighbouring steps are alike.</summary>
internal sealed class SelfRecovery : ITable
{
    private static readonly double[] Pushes = [0.5, 1, 2, 4];

    private const int Channels = 4;

    /// <summary>How far into a run the push comes.</summary>
    private const double Moment = 0.2;

    private const double Recovered = 0.1, HalfRecovered = 0.5;

    /// <inheritdoc/>
    public string Id => "self-recovery";

    /// <inheritdoc/>
    public string Title => "Recovery of a disturbed latent";

    /// <inheritdoc/>
    public string About => "One latent point in the middle of the picture is pushed by 0.5, 1, 2 or 4 after a fifth of the steps of a clean INT8 run. What is left of the push is the difference to the undisturbed run at that point, divided by the push. Similarity is the cosine with the step before, of the latents and of the guarded layers' accumulators. The notes quote the observation, no curve.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("step", "step"), .. Pushes.Select(push => Column.Measured(string.Create(CultureInfo.InvariantCulture, $"left_of_{push}").Replace('.', '_'), string.Create(CultureInfo.InvariantCulture, $"left of {push}"), hasInterval: true)),
        Column.Measured("latent_similarity", "latents, cosine with the step before", hasInterval: true), Column.Measured("layer_similarity", "layers, cosine with the step before", hasInterval: true),
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var model = context.Models.For("dit");
        var (at, pictures) = ((int)(Moment * model.Steps), model.Images);
        var clean = Enumerable.Range(0, pictures).Select(picture => model.Walk(picture, null, context.Cancellation)).ToList();
        var pushed = Pushes.Select(push => clean.Select((undisturbed, picture) =>
        {
            var point = Middle(undisturbed.Latents[0].Length);
            var run = model.Walk(picture, (step, latents) =>
            {
                if (step == at)
                    latents.Span[point] += (float)push;
            }, context.Cancellation);
            return run.Latents.Zip(undisturbed.Latents, (a, b) => Math.Abs(a[point] - b[point]) / push).ToList();
        }).ToList()).ToList();

        var rows = Enumerable.Range(0, model.Steps).Select(step => (IReadOnlyList<Cell>)
        [
            step, .. pushed.Select(runs => Interval(runs.Select(left => left[step]))),
            step == 0 ? default : Interval(clean.Select(run => run.LatentSimilarity[step]!.Value)), step == 0 ? default : Interval(clean.Select(run => run.LayerSimilarity[step]!.Value)),
        ]).ToList();
        var ends = pushed.Select(runs => runs.Average(left => left[^1])).ToList();
        var after = clean.SelectMany(run => run.LayerSimilarity.Skip(1)).Average()!.Value;
        return new TableResult(rows,
            [
                new Claim("A disturbed latent recovers over the remaining steps", "recovers (observation 4)",
                    $"left of the push at the end: {string.Join(", ", Pushes.Zip(ends, (push, left) => FormattableString.Invariant($"{left:P1} of {push}")))} (measured here)",
                    ends.TrueForAll(left => left <= Recovered) ? Verdict.Reproduced : ends.TrueForAll(left => left <= HalfRecovered) ? Verdict.ReproducedInShape : Verdict.NotReproduced,
                    "Reproduced: at most a tenth of each push is left at the end; in shape: at most half."),
                new Claim("Outputs of a layer at neighbouring steps are alike", "similar (observation 4)", FormattableString.Invariant($"mean cosine {after:0.000} (measured here)"),
                    after >= 0.95 ? Verdict.Reproduced : after >= 0.8 ? Verdict.ReproducedInShape : Verdict.NotReproduced, "Mean cosine over layers and steps. Reproduced from 0.95 up, in shape from 0.8 up."),
            ],
            [
                new Figure("What is left of a push (measured)", "Share of a push that is left at the pushed latent point, against the step, for pushes of 0.5, 1, 2 and 4.", "step", "share of the push",
                    [.. Pushes.Select((push, i) => Of(string.Create(CultureInfo.InvariantCulture, $"push of {push}"), i, 1 + i))]),
                new Figure("Similarity with the step before (measured)", "Cosine of latents and of layer outputs with those of the step before, against the step.", "step", "cosine",
                    [Of("latents", 0, 1 + Pushes.Length), Of("layer outputs", 1, 2 + Pushes.Length)]),
            ]);

        Curve Of(string name, int color, int column) => new(name, ColumnKind.Measured, color, [.. rows.Select(row => (row[0].Value!.Value, row[column]))]);
    }

    /// <summary>The middle of the first of four planes.</summary>
    private static int Middle(int latents) => latents / Channels / 2 + (int)Math.Sqrt((double)latents / Channels) / 2;

    private static Cell Interval(IEnumerable<double> sample) => ConfidenceInterval.Of([.. sample]);
}
