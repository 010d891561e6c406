using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// Guarded products whose activations, sums and checkpoints stay on a device. Nothing of them comes back until a step is over: what the checks showed is fetched once then, and goes into the ledgers in the order in
/// which the host would have entered it. Checkpoints are the device's, without checksums of their own. Serves one thread.
/// </summary>
internal sealed class ResidentGemm : IDisposable
{
    private readonly ITensorDevice _device;
    private readonly IResidentProducts _products;
    private readonly Platform _platform;
    private readonly Strategy _strategy;
    private readonly Dictionary<(PictureRun Run, LayerKey Layer), (int Place, int Step)> _saved = [];
    private readonly List<(PictureRun Run, Awaited Report)> _awaited = [];
    private readonly GroundTruth _truth = new();
    private readonly Finding _finding = new();
    private int _step = -1;

    private ResidentGemm(ITensorDevice device, Platform platform, Strategy strategy) =>
        (_device, _products, _platform, _strategy) = (device, device.OpenProducts(strategy.Protection?.Place ?? CheckpointPlace.Device), platform, strategy);

    /// <summary>Opens it; null where the backend only multiplies, or the strategy does what only the host can.</summary>
    /// <param name="backend">Multiplies.</param>
    /// <param name="platform">The modelled machine.</param>
    /// <param name="strategy">Outputs and protection.</param>
    public static ResidentGemm? Open(IGemmBackend backend, Platform platform, Strategy strategy) =>
        backend.Tensors is { } device && Suits(strategy.Protection) ? new ResidentGemm(device, platform, strategy) : null;

    /// <summary>Whether an output can stand on the device.</summary>
    /// <param name="output">The output.</param>
    public bool Holds(Tensor output) => output.CanStandOn(_device);

    /// <summary>Begins a step, once the one before is settled.</summary>
    /// <param name="step">Zero-based index of the step.</param>
    public void Reach(int step)
    {
        if (step != _step)
            Settle();
        _step = step;
    }

    /// <summary>A picture's share of an input to codes.</summary>
    /// <param name="input">[.., K].</param>
    /// <param name="firstRow">First row of the picture.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="groups">Groups of rows that have a scale each.</param>
    public void Quantise(Tensor input, int firstRow, int rows, int groups) => _products.Quantise(input, firstRow, rows, groups);

    /// <summary>The windows over a picture's share of an input to codes.</summary>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="firstImage">First image of the picture.</param>
    /// <param name="shape">The convolution of the picture's images.</param>
    /// <param name="groups">Groups of windows that have a scale each.</param>
    public void QuantiseWindows(Tensor input, int firstImage, ConvolutionShape shape, int groups) => _products.QuantiseWindows(input, firstImage, shape, groups);

    /// <summary>Multiplies what was quantised last, judges and mends; what it cost is charged now, or when the step is settled.</summary>
    /// <param name="product">What is multiplied.</param>
    /// <param name="schedule">When the picture's checkpoints are saved; null for never.</param>
    public void Multiply(in GuardedCall product, ICheckpointSchedule? schedule)
    {
        var (run, site, point, faults, weights, rows) = (product.Run, product.Run.Site, product.Point, product.Faults, product.Weights.Weights, product.Rows);
        var protection = _strategy.Protection;
        var saturates = _strategy.Outputs == OutputForm.Saturating;
        var bytes = Checkpoint.BytesOf(rows, weights.N, saturates ? 1 : 0);
        var isDue = schedule?.IsDue(site.Layer, site.Step, bytes) ?? false;
        var known = _saved.TryGetValue((run, site.Layer), out var kept);
        int? from = protection?.Recovery is Rollback && known && kept.Step < site.Step ? kept.Place : null;
        var place = known ? kept.Place : _saved.Count;
        _products.Multiply(new ResidentProduct(weights, product.Weights.Scales, product.Bias, faults, product.Output, product.FirstRow)
        {
            Limit = Epilogue.LargestProduct, Saturates = saturates, Threshold = protection?.Threshold ?? 1, Mends = protection?.Recovery is not null, From = from, Save = isDue ? place : null,
        });
        if (isDue)
            _saved[(run, site.Layer)] = (place, site.Step);

        var bill = Bill.Of(_platform.Costs, new GemmShape(rows, weights.N, weights.K), point, protection, null, faults);
        if (protection is null)
        {
            run.Charge(ChargeKind.Product, bill, new ProductEvents(point, faults.Count, 0));
            _finding.Reset(rows, weights.N, 0);
            run.Ledger.Settle(Settlement.OfUncorrected(faults, _finding, [], Strategy.LargeFault));
            return;
        }

        var (awaited, plan, fetchedBytes) = (new Awaited(), faults.Clone(), from is null ? 0 : saturates ? sizeof(sbyte) : sizeof(float));
        _awaited.Add((run, awaited));
        run.Defer(() =>
        {
            Enter(run, awaited.Report!, plan, protection, (rows, weights.N), fetchedBytes, bill, point);
            if (isDue)
                run.Charge(ChargeKind.Save, _platform.Costs.Transfer(new Bytes(bytes), Traffic.Checkpoints));
        });
    }

    /// <summary>Waits for the last product's checks.</summary>
    /// <returns>Flagged lines.</returns>
    public int Hear()
    {
        if (_awaited.Count == 0)
            return 0;
        var (_, last) = _awaited[^1];
        Settle();
        return last.Report!.FlaggedRows + last.Report.FlaggedColumns;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Settle();
        }
        finally
        {
            _products.Dispose();
        }
    }

    private static bool Suits(Protection? protection) =>
        protection is null or { Rule: ThresholdRule, Recovery: Rollback or ZeroMask or null, OpenCorrector: null, Moments: false, OddRows: false, CoarseTile: 0 };

    /// <summary>Fetches what the checks showed, and enters it.</summary>
    private void Settle()
    {
        if (_awaited.Count == 0)
            return;
        foreach (var ((_, awaited), report) in _awaited.Zip(_products.Settle()))
            awaited.Report = report;
        foreach (var run in _awaited.Select(product => product.Run).Distinct())
            run.Settle();
        _awaited.Clear();
    }

    private void Enter(PictureRun run, ResidentReport report, FaultPlan faults, Protection protection, (int M, int N) shape, int fetchedBytes, Cost bill, OperatingPoint point)
    {
        var flagged = report.FlaggedRows + report.FlaggedColumns;
        run.Charge(ChargeKind.Product, bill, new ProductEvents(point, faults.Count, flagged));
        ((ThresholdRule)protection.Rule!).Judge(faults, report.Deviations, shape.M, shape.N, protection.Tile, _finding);
        var escapes = _truth.Count(faults, _finding, protection.Threshold, Strategy.LargeFault);
        run.Ledger.Note(escapes with { FalseAlarms = escapes.FalseAlarms + flagged - _finding.FlaggedLines });
        run.Ledger.Settle(Settlement.OfUncorrected(faults, _finding, report.Deviations, Strategy.LargeFault));
        var repair = protection.Recovery is null ? default : new Repair(report.Masked, (long)report.Fetched * fetchedBytes);
        run.Ledger.Mended(flagged, repair);
        run.Charge(ChargeKind.Restore, _platform.Costs.Transfer(new Bytes(repair.RestoredBytes), Traffic.Restores), mended: repair.Elements);
    }

    /// <summary>A report that is on its way.</summary>
    private sealed class Awaited
    {
        public ResidentReport? Report { get; set; }
    }
}

/// <summary>A guarded product of a picture, as a device is asked for it.</summary>
/// <param name="Run">The picture, at the product's site.</param>
/// <param name="Point">Where it executes.</param>
/// <param name="Faults">Its flips.</param>
/// <param name="Weights">W.</param>
/// <param name="Bias">N values, or empty.</param>
/// <param name="Output">[.., N].</param>
/// <param name="FirstRow">The picture's first row.</param>
/// <param name="Rows">The picture's rows.</param>
internal readonly record struct GuardedCall(PictureRun Run, OperatingPoint Point, FaultPlan Faults, QuantisedLayer Weights, float[] Bias, Tensor Output, int FirstRow, int Rows);
