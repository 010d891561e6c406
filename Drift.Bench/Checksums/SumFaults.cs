using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What <c>drift checksum faults</c> tries.</summary>
/// <param name="Shape">M, N and K of each product.</param>
/// <param name="Tile">Edge of a checksum tile, 1..32.</param>
/// <param name="Rate">Hits per element, of the product and of exposed sums.</param>
/// <param name="Trials">Products.</param>
/// <param name="Seed">Seed of operands and hits.</param>
internal sealed record SumFaultOptions(GemmShape Shape, int Tile, double Rate, int Trials, ulong Seed);

/// <summary>What a protection makes of the products' flips, line sums sound or hit themselves. Counted against the plan.</summary>
/// <param name="Protection">The protection.</param>
/// <param name="Exposed">Whether expected and observed sums are hit too.</param>
/// <param name="SumHits">Hits of sums.</param>
/// <param name="LinesFlagged">Lines condemned.</param>
/// <param name="FalseAlarms">Those of them that no flip lies on.</param>
/// <param name="Masked">Elements left to a recovery.</param>
/// <param name="Outcome">What became of the flips.</param>
internal sealed record SumFaultRow(string Protection, bool Exposed, long SumHits, long LinesFlagged, long FalseAlarms, long Masked, Outcome Outcome);

/// <summary>Line sums under faults of their own: every sum is an INT32 word that is hit like an accumulator.</summary>
internal sealed class SumFaults(SumFaultOptions options, CancellationToken cancellation)
{
    private static readonly IReadOnlyList<(string Name, Func<ICorrector>? Open, bool Moments)> Protections =
    [
        ("threshold, flagged rows x columns", null, false),
        ("locate", () => new LocateAndCorrect(), false),
        ("decode", () => new PlaneDecoder(), false),
        ("decode-weighted", () => new PlaneDecoder(), true),
    ];

    private static readonly bool[] Exposures = [false, true];

    private readonly FaultPlanner _planner = new();
    private readonly BitErrorProfile _profile = BitErrorProfile.Uniform(options.Rate);
    private readonly ThresholdRule _rule = new();
    private readonly Finding _finding = new();
    private readonly GroundTruth _truth = new();
    private readonly Settlement _settlement = new();
    private readonly Corrections _none = new();

    /// <summary>Runs every protection on the same products and hits.</summary>
    public IReadOnlyList<SumFaultRow> Run() => [.. from protection in Protections from exposed in Exposures select Try(protection, exposed)];

    private SumFaultRow Try((string Name, Func<ICorrector>? Open, bool Moments) protection, bool exposed)
    {
        var (m, n, k) = options.Shape;
        var examination = protection.Open is { } open ? new Examination(open()) : null;
        using var operands = Operands.Int8(options.Shape);
        using var backend = Backends.Open(Backends.Default);
        using var weights = backend.Prepare(operands.Weights.Span, n, k, new ChecksumTiles(options.Tile, Moments: protection.Moments));
        using var output = new GemmOutput();
        var norms = new float[n];
        RowNorms.Measure(operands.Weights.Span, k, k, norms);
        examination?.Begin(operands.Activations.Span, m, k, k);
        var row = new SumFaultRow(protection.Name, exposed, 0, 0, 0, 0, default);
        for (var trial = 0; trial < options.Trials; trial++)
        {
            cancellation.ThrowIfCancellationRequested();
            var site = new GemmSite(trial & 0xFFFF, trial >> 16, GemmRole.Query);
            var plan = _planner.Draw(options.Seed, site, m, n, _profile);
            backend.Multiply(new GemmCall(operands.Activations.Span, m, k, weights), plan, output);
            var hits = exposed ? Hit(output, site, protection.Moments) : 0;
            if (examination is not null)
                examination.Examine(output, norms, _finding, plan);
            else
                _rule.Judge(output.Expected, output.Observed, _finding);
            var alarms = _truth.Count(plan, _finding, 1).FalseAlarms;
            var outcome = _settlement.Settle(plan, output, _finding, examination?.Corrections ?? _none, Strategy.LargeFault);
            row = row with
            {
                SumHits = row.SumHits + hits,
                LinesFlagged = row.LinesFlagged + _finding.FlaggedLines,
                FalseAlarms = row.FalseAlarms + alarms,
                Masked = row.Masked + _finding.MaskedElements,
                Outcome = row.Outcome + outcome,
            };
        }

        return row;
    }

    /// <summary>Hits the sums of a product. Each kind of sum has a place of its own in the random function.</summary>
    private int Hit(GemmOutput output, GemmSite site, bool moments)
    {
        var planner = new FaultPlanner();
        var count = 0;
        LineSums[] kinds = moments ? [output.Expected, output.Observed, output.ExpectedMoments, output.ObservedMoments] : [output.Expected, output.Observed];
        for (var kind = 0; kind < kinds.Length; kind++)
        {
            var sums = kinds[kind];
            count += Hit(planner.Draw(options.Seed, site with { Index = 2 * kind + 1 }, sums.M, sums.TileColumns, _profile), sums.Rows, sums.TileColumns);
            count += Hit(planner.Draw(options.Seed, site with { Index = 2 * kind + 2 }, sums.TileRows, sums.N, _profile), sums.Columns, sums.N);
        }

        return count;
    }

    private static int Hit(FaultPlan plan, Span<int> sums, int width)
    {
        foreach (var flip in plan.All)
            sums[flip.Row * width + flip.Column] ^= flip.Mask;
        return plan.Count;
    }
}
