using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>What one guarded product did, for those who watch; valid during the call.</summary>
/// <param name="Site">Where it stands.</param>
/// <param name="Picture">Which picture of the batch.</param>
/// <param name="Point">The operating point.</param>
/// <param name="Faults">The flips injected.</param>
/// <param name="Output">Accumulators and line sums, flips applied.</param>
/// <param name="Finding">The verdict; of tile 0 where nothing was checked.</param>
public readonly record struct GuardedProduct(GemmSite Site, int Picture, OperatingPoint Point, FaultPlan Faults, GemmOutput Output, Finding Finding);

/// <summary>
/// Executes a network's layers at the operating points that a policy chooses, with the faults that those bring, under checksums, mended by rollback.
/// Each picture of the batch is quantised, faulted, checked and mended on its own, so it comes out the same alone and in any batch. Serves one thread.
/// </summary>
public sealed class GuardedGemm : IGemmUnit, IDisposable
{
    // Rows of codes end on whole vectors and do not share cache sets with the next row.
    private const int StrideUnit = 64;

    private readonly Platform _platform;
    private readonly Strategy _strategy;
    private readonly QuantisedLayers _layers;
    private readonly IReadOnlyList<PictureRun> _pictures;
    private readonly IOperatingPolicy[] _policies;
    private readonly FloatUnit _untouched = new();
    private readonly FaultPlanner _planner = new();
    private readonly GemmOutput _output = new();
    private readonly Finding _finding = new();
    private readonly GroundTruth _truth = new();
    private sbyte[] _codes = [];

    /// <summary>A unit for some pictures.</summary>
    /// <param name="platform">The modelled machine.</param>
    /// <param name="strategy">Points, outputs and protection.</param>
    /// <param name="layers">INT8 forms of the covered layers; shared.</param>
    /// <param name="pictures">The pictures of every call's batch, in order; at least one.</param>
    public GuardedGemm(Platform platform, Strategy strategy, QuantisedLayers layers, IReadOnlyList<PictureRun> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentOutOfRangeException.ThrowIfZero(pictures.Count, nameof(pictures));
        ArgumentNullException.ThrowIfNull(strategy);
        (_platform, _strategy, _layers, _pictures) = (platform, strategy, layers, pictures);
        _policies = [.. pictures.Select(_ => strategy.OpenPolicy())];
    }

    /// <summary>Called after every guarded product; null for nobody.</summary>
    public Action<GuardedProduct>? Watch { get; init; }

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        var (rows, rest) = Math.DivRem(input.Rows, _pictures.Count);
        if (rest != 0)
            throw new ArgumentException($"{input.Rows} rows do not divide among {_pictures.Count} pictures", nameof(input));
        foreach (var projection in projections)
        {
            if (!_strategy.Covers(projection.Layer.Key))
                LeaveUntouched(step, input, rows, projection);
        }

        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            float? scale = null;
            foreach (var (layer, output) in projections)
            {
                if (!_strategy.Covers(layer.Key))
                    continue;
                scale ??= Quantise(Share(input, picture, rows), layer.K);
                Multiply(step, picture, rows, layer, scale.Value, Share(output, picture, rows));
            }
        }
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output) => _untouched.Convolve(step, input, layer, output);

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        _untouched.Attend(step, call);
        // Q K^T and A V are left untouched, at the nominal point, as in the authors' settings; their work is charged all the same.
        var (tokens, depth) = (call.Tokens, call.Queries.Columns / call.Heads);
        var each = _platform.Costs.Gemm(new GemmShape(tokens, tokens, depth), 0, OperatingPoint.Nominal)
            + _platform.Costs.Gemm(new GemmShape(tokens, depth, tokens), 0, OperatingPoint.Nominal);
        var heads = call.Queries.Rows / tokens / _pictures.Count * call.Heads;
        foreach (var run in _pictures)
        {
            for (var head = 0; head < heads; head++)
                run.Ledger.Charge(each);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    /// <summary>The sentence of the house: a point, its faults, the product, the outputs, the verdict, the repair, the bill.</summary>
    private void Multiply(StepContext step, int picture, int rows, LinearLayer layer, float scale, Span<float> values)
    {
        var site = layer.Key.At(step.Index);
        var run = _pictures[picture];
        var weights = _layers.Get(layer, _strategy.Tile);
        var call = new GemmCall(_codes, rows, Stride(layer.K), weights.Weights);

        var point = _policies[picture].Choose(site);
        var faults = _planner.Draw(run.Request.Seed, site, rows, layer.N, _platform.Errors.At(point, layer.K));
        _layers.Backend.Multiply(call, faults, _output);
        run.Ledger.Charge(_platform.Costs.Gemm(call.Shape, _strategy.Tile, point));
        var checkpoint = Judge(run, site);
        var outputScale = Leave(faults, new Epilogue(scale, weights.Scale), layer.Bias, values);
        if (_strategy.Protection is { } protection)
        {
            var output = outputScale is { } s ? new LayerOutput(rows, layer.N, values, [s]) : new LayerOutput(rows, layer.N, values);
            Mend(protection, run, site, faults, checkpoint, output);
        }
        else
        {
            run.Ledger.Unchecked(faults.Count, CountLarge(faults));
        }

        _policies[picture].Observe(site, _finding.FlaggedLines);
        Watch?.Invoke(new GuardedProduct(site, picture, point, faults, _output, _finding));
    }

    /// <summary>The verdict, and the checkpoint that it may need, already on its way through the caches while the outputs are worked out.</summary>
    private Checkpoint? Judge(PictureRun run, GemmSite site)
    {
        if (_strategy.Protection is not { } protection)
        {
            _finding.Reset(_output.Shape.M, _output.Shape.N, 0);
            return null;
        }

        protection.Rule.Judge(_output.Expected, _output.Observed, _finding);
        run.Checkpoints.TryGet(site.Layer, site.Step, out var checkpoint);
        protection.Recovery.Prepare(_finding, checkpoint);
        return checkpoint;
    }

    private void Mend(Protection protection, PictureRun run, GemmSite site, FaultPlan faults, Checkpoint? checkpoint, LayerOutput output)
    {
        var repair = protection.Recovery.Mend(_finding, checkpoint, output);
        run.Ledger.Checked(faults.Count, _finding, _truth.Count(faults, _finding, protection.Threshold, Strategy.LargeFault), repair);
        run.Ledger.Charge(_platform.Costs.Transfer(new Bytes(repair.RestoredBytes)));
        if (protection.Interval.IsDue(site.Step))
            run.Ledger.Charge(_platform.Costs.Transfer(new Bytes(run.Checkpoints.Save(site.Layer, site.Step, output))));
    }

    /// <summary>
    /// Accumulators to values. The scale of saturating outputs is the clean output's: the flips are taken back while it is measured, then only the flipped
    /// elements are worked out again.
    /// </summary>
    /// <returns>The output's scale; null for wide outputs.</returns>
    private float? Leave(FaultPlan faults, Epilogue epilogue, ReadOnlySpan<float> bias, Span<float> values)
    {
        faults.Toggle(_output);
        float? outputScale = _strategy.Outputs == OutputForm.Saturating ? epilogue.Largest(_output, bias) / CodeRounder.LargestCode : null;
        epilogue.Apply(_output, bias, outputScale, values);
        faults.Toggle(_output);
        var accumulators = _output.Accumulators;
        foreach (var flip in faults.All)
        {
            var offset = bias.IsEmpty ? 0 : bias[flip.Column];
            values[flip.Row * _output.Shape.N + flip.Column] = epilogue.Apply(accumulators[flip.Row * _output.Stride + flip.Column], offset, outputScale);
        }

        return outputScale;
    }

    private float Quantise(ReadOnlySpan<float> values, int width)
    {
        var rows = values.Length / width;
        if (_codes.Length < rows * Stride(width))
            _codes = GC.AllocateUninitializedArray<sbyte>(rows * Stride(width), pinned: true);
        var scale = Quantizer.Scale(values);
        Quantizer.Quantise(values, width, scale, _codes.AsSpan(0, rows * Stride(width)), Stride(width));
        return scale;
    }

    private void LeaveUntouched(StepContext step, Tensor input, int rows, Projection projection)
    {
        _untouched.Linear(step, input, projection);
        var cost = _platform.Costs.Gemm(new GemmShape(rows, projection.Layer.N, projection.Layer.K), 0, OperatingPoint.Nominal);
        foreach (var run in _pictures)
            run.Ledger.Charge(cost);
    }

    private static int CountLarge(FaultPlan faults)
    {
        var large = 0;
        foreach (var flip in faults.All)
            large += 1L << flip.Bit >= Strategy.LargeFault ? 1 : 0;
        return large;
    }

    private static int Stride(int width) => (width + StrideUnit - 1) / StrideUnit * StrideUnit + StrideUnit;

    private static Span<float> Share(Tensor tensor, int picture, int rows) => tensor.Span.Slice(picture * rows * tensor.Columns, rows * tensor.Columns);
}
