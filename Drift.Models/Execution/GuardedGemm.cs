using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>What one guarded product did, for those who watch; valid during the call.</summary>
/// <param name="Site">Where it stands.</param>
/// <param name="Picture">Which picture of the batch.</param>
/// <param name="Point">The operating point.</param>
/// <param name="Faults">The flips injected.</param>
/// <param name="Output">Accumulators and line sums, flips and then corrections applied.</param>
/// <param name="Finding">The verdict; of tile 0 where nothing was checked.</param>
/// <param name="Suspect">The examination that corrected it; null where nothing corrects.</param>
public readonly record struct GuardedProduct(
    GemmSite Site, int Picture, OperatingPoint Point, FaultPlan Faults, GemmOutput Output, Finding Finding, Examination? Suspect);

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
    private readonly ICheckpointSchedule?[] _schedules;
    private readonly OperatingPoint[] _supplies;
    private readonly FloatUnit _untouched;
    private readonly FaultPlanner _planner = new();
    private readonly GemmOutput _output;
    private readonly Finding _finding = new();
    private readonly GroundTruth _truth = new();
    private readonly Settlement _settlement = new();
    private readonly Corrections _none = new();
    private readonly Examination? _examination;
    private readonly FaultPlanner[] _further;
    private readonly ResidentGemm? _resident;
    private LayerKey _last;
    private UnitMemory? _memory;

    /// <summary>A unit for some pictures.</summary>
    /// <param name="platform">The modelled machine.</param>
    /// <param name="strategy">Points, outputs and protection.</param>
    /// <param name="layers">INT8 forms of the covered layers; shared.</param>
    /// <param name="pictures">The pictures of every call's batch, in order; at least one.</param>
    /// <param name="memory">Rows of conditioning layers that are not covered; null to compute them every time.</param>
    public GuardedGemm(Platform platform, Strategy strategy, QuantisedLayers layers, IReadOnlyList<PictureRun> pictures, RowMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentOutOfRangeException.ThrowIfZero(pictures.Count, nameof(pictures));
        ArgumentNullException.ThrowIfNull(strategy);
        (_platform, _strategy, _layers, _pictures) = (platform, strategy, layers, pictures);
        _untouched = new FloatUnit(memory);
        _policies = [.. pictures.Select(_ => strategy.OpenPolicy())];
        _schedules = [.. pictures.Select(_ => strategy.Protection?.OpenSchedule())];
        _supplies = [.. pictures.Select(_ => OperatingPoint.Nominal)];
        _examination = strategy.Protection?.OpenCorrector is { } open ? new Examination(open()) : null;
        _further = [.. Enumerable.Range(0, _examination?.Corrector.FurtherProducts ?? 0).Select(_ => new FaultPlanner())];
        _resident = ResidentGemm.Open(layers.Backend, platform, strategy);
        var depth = strategy.Protection?.Recovery?.Checkpoints ?? 1;
        // A picture's text encoder, denoiser and decoder have units of their own and one store.
        foreach (var run in pictures.Where(run => run.Checkpoints.Depth != depth))
            run.Checkpoints.Depth = depth;
        // Last: what throws above would not return it.
        _memory = layers.Lend();
        _output = _memory.Output;
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

        var resident = Resident(step, projections[0].Output);
        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            var quantised = false;
            foreach (var (layer, output, _) in projections)
            {
                if (!_strategy.Covers(layer.Key))
                    continue;
                if (!quantised && resident is not null)
                    resident.Quantise(input, picture * rows, rows, Groups(rows));
                else if (!quantised)
                    Quantise(Share(input, picture, rows), layer.K);
                quantised = true;
                if (resident is not null)
                    Multiply(resident, step, picture, rows, layer, output);
                else
                    Multiply(step, picture, rows, layer, Share(output, picture, rows));
            }
        }

        _last = projections[^1].Layer.Key;
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        var (images, rest) = Math.DivRem(input.Shape[0], _pictures.Count);
        if (rest != 0)
            throw new ArgumentException($"{input.Shape[0]} images do not divide among {_pictures.Count} pictures", nameof(input));
        var rows = images * output.Shape[1] * output.Shape[2];
        if (!_strategy.Covers(layer.Linear.Key))
        {
            _untouched.Convolve(step, input, layer, output);
            ChargeUntouched(step, rows, layer.Linear);
            return;
        }

        var resident = Resident(step, output);
        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            if (resident is null)
            {
                QuantiseWindows(step, input, layer, picture, rows);
                Multiply(step, picture, rows, layer.Linear, Share(output, picture, rows));
                continue;
            }

            resident.QuantiseWindows(input, picture * images, layer.Over(input) with { Batch = images }, Groups(rows));
            Multiply(resident, step, picture, rows, layer.Linear, output);
        }
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(call);
        if (_strategy.CoversProducts)
        {
            AttendGuarded(step, call);
            return;
        }

        _untouched.Attend(step, call);
        // Q K^T and A V are left untouched, at the nominal point, as in the authors' settings; their work is charged all the same.
        // Keys under a mask are charged too: an accelerator works on whole batches of one shape.
        var (tokens, keys, depth) = (call.Tokens, call.KeyTokens, call.Depth);
        var each = _platform.Costs.Gemm(new GemmShape(tokens, keys, depth), 0, OperatingPoint.Nominal)
            + _platform.Costs.Gemm(new GemmShape(tokens, depth, keys), 0, OperatingPoint.Nominal);
        var heads = call.Samples / _pictures.Count * call.Heads;
        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            var run = _pictures[picture];
            run.Site = run.Site with { Step = step.Index };
            Supply(picture, OperatingPoint.Nominal);
            for (var head = 0; head < heads; head++)
                run.Charge(ChargeKind.Attention, each);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _resident?.Dispose();
        if (Interlocked.Exchange(ref _memory, null) is { } memory)
            _layers.Return(memory);
    }

    private void AttendGuarded(StepContext step, AttentionCall call)
    {
        call.Validate();
        var samples = call.Samples / _pictures.Count;
        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            var owner = picture;
            var attention = new GuardedAttention((key, activations, weights, values) =>
            {
                Quantise(activations, weights.Weights.K);
                Multiply(step, owner, activations.Length / weights.Weights.K, key, weights, [], values);
            }, _layers);
            attention.Run(call, (picture * samples)..((picture + 1) * samples), _last, Tiles, step.Workspace);
        }
    }

    /// <summary>Where products run whose activations stay on a device; null for the host.</summary>
    private ResidentGemm? Resident(StepContext step, Tensor output)
    {
        if (_resident is null || Watch is not null || !_resident.Holds(output))
            return null;
        _resident.Reach(step.Index);
        return _resident;
    }

    /// <summary>The sentence of the house on a device, which is not waited for unless the policy wants to know.</summary>
    private void Multiply(ResidentGemm resident, StepContext step, int picture, int rows, LinearLayer layer, Tensor output)
    {
        var (run, weights, policy) = (_pictures[picture], _layers.Get(layer, Tiles), _policies[picture]);
        run.Site = layer.Key.At(step.Index);
        var point = policy.Choose(run.Site);
        Supply(picture, point);
        var faults = _planner.Draw(run.FaultSeed, run.Site, rows, layer.N, _platform.Errors.At(point, layer.K));
        resident.Multiply(new GuardedCall(run, point, faults, weights, layer.Bias, output, picture * rows, rows), _schedules[picture]);
        if (policy.HearsAlarms)
            policy.Observe(run.Site, Alarms(resident.Hear(), rows, layer.N));
    }

    /// <summary>Tiles of the checks.</summary>
    private ChecksumTiles Tiles => new(_strategy.Tile, _strategy.Protection?.CoarseTile ?? 0, _strategy.Protection?.Moments ?? false, _strategy.Protection?.OddRows ?? false);

    private void Multiply(StepContext step, int picture, int rows, LinearLayer layer, Span<float> values) =>
        Multiply(step, picture, rows, layer.Key, _layers.Get(layer, Tiles), layer.Bias, values);

    /// <summary>The sentence of the house: a point, its faults, the product, the outputs, the verdict, the repair, the bill.</summary>
    private void Multiply(StepContext step, int picture, int rows, LayerKey key, QuantisedLayer weights, ReadOnlySpan<float> bias, Span<float> values)
    {
        var site = key.At(step.Index);
        var run = _pictures[picture];
        run.Site = site;
        var (n, k) = (weights.Weights.N, weights.Weights.K);
        var call = new GemmCall(Memory.Codes, rows, Stride(k), weights.Weights);

        var point = _policies[picture].Choose(site);
        Supply(picture, point);
        var profile = _platform.Errors.At(point, k);
        var faults = _planner.Draw(run.FaultSeed, site, rows, n, profile);
        _layers.Backend.Multiply(call, faults, _output);
        var epilogue = new Epilogue(Memory.Scales.AsSpan(0, Groups(rows)), weights.Scales, bias);
        var checkpoint = Judge(run, site, weights.Norms, Executions(run, site, faults, n, profile));
        run.Charge(ChargeKind.Product, Bill.Of(_platform.Costs, call.Shape, point, _strategy.Protection, _examination, faults), new ProductEvents(point, faults.Count, _finding.FlaggedLines));
        var outputScale = Leave(faults, epilogue, values);
        var output = outputScale is { } s ? new LayerOutput(rows, n, values, [s]) { Layer = site.Layer, Step = site.Step }
            : new LayerOutput(rows, n, values) { Layer = site.Layer, Step = site.Step };
        Correct(run, faults, epilogue, output);
        if (_strategy.Protection is { } protection)
            Mend(protection, picture, site, checkpoint, output);

        _policies[picture].Observe(site, Alarms());
        Watch?.Invoke(new GuardedProduct(site, picture, point, faults, _output, _finding, _examination));
    }

    /// <summary>The verdict, and the checkpoint that it may need, already on its way through the caches while the outputs are worked out.</summary>
    private Checkpoint? Judge(PictureRun run, GemmSite site, float[] norms, FaultPlan[] executions)
    {
        if (_examination is { } examination)
            examination.Examine(_output, norms, _finding, executions);
        else if (_strategy.Protection?.Rule is { } rule)
            rule.Judge(_output.Expected, _output.Observed, _finding);
        else
            _finding.Reset(_output.Shape.M, _output.Shape.N, 0);
        if (_strategy.Protection?.Recovery is not { } recovery || (_finding.IsClean && !recovery.ReadsAlways))
            return null;
        var checkpoint = run.Recall(site);
        recovery.Prepare(_finding, checkpoint);
        return checkpoint;
    }

    /// <summary>What the checks show before anything is corrected. A decoder condemns few lines, but the deviations that it read are all seen.</summary>
    private AlarmCount Alarms()
    {
        var sums = _output.Expected;
        if (sums.Tile == 0 || _strategy.Protection is not { } protection)
            return default;
        return Alarms(_examination?.FlaggedLines(protection.Threshold) ?? _finding.FlaggedLines, sums.M, sums.N);
    }

    private AlarmCount Alarms(int flagged, int m, int n)
    {
        var tile = _strategy.Tile;
        return tile == 0 ? default : new AlarmCount(flagged, m * ((n + tile - 1) / tile) + (m + tile - 1) / tile * n, tile);
    }

    /// <summary>Corrected accumulators and their values; the ledger hears what became of the flips.</summary>
    private void Correct(PictureRun run, FaultPlan faults, Epilogue epilogue, LayerOutput output)
    {
        var corrections = _examination?.Corrections ?? _none;
        if (_examination is null && _strategy.Protection is { Rule: not null } protection)
            run.Ledger.Note(_truth.Count(faults, _finding, protection.Threshold, Strategy.LargeFault));
        run.Ledger.Settle(_settlement.Settle(faults, _output, _finding, corrections, Strategy.LargeFault));
        foreach (var (row, column, value) in corrections.All)
            output.Values[row * output.N + column] = epilogue.Apply(value, row, column, output.IsWide ? null : output.Scales[0]);
    }

    private void Mend(Protection protection, int picture, GemmSite site, Checkpoint? checkpoint, LayerOutput output)
    {
        var run = _pictures[picture];
        var repair = protection.Recovery is { } recovery ? run.Mend(recovery, site, _finding, checkpoint, output) : default;
        run.Ledger.Mended(_finding.FlaggedLines, repair);
        run.Charge(ChargeKind.Restore, _platform.Costs.Transfer(new Bytes(repair.RestoredBytes), Traffic.Restores), mended: repair.Elements);
        if (_schedules[picture]?.IsDue(site.Layer, site.Step, Checkpoint.BytesOf(output.M, output.N, output.Scales.Length)) ?? false)
            run.Charge(ChargeKind.Save, _platform.Costs.Transfer(new Bytes(run.Checkpoints.Save(site.Layer, site.Step, output)), Traffic.Checkpoints));
    }

    /// <summary>
    /// Accumulators to values. The scale of saturating outputs is the clean output's: the flips are taken back while it is measured, then only the flipped
    /// elements are worked out again.
    /// </summary>
    /// <returns>The output's scale; null for wide outputs.</returns>
    private float? Leave(FaultPlan faults, Epilogue epilogue, Span<float> values)
    {
        faults.Toggle(_output);
        float? scale = _strategy.Outputs == OutputForm.Saturating ? epilogue.Largest(_output) / CodeRounder.LargestCode : null;
        epilogue.Apply(_output, scale, values);
        faults.Toggle(_output);
        var accumulators = _output.Accumulators;
        foreach (var flip in faults.All)
            values[flip.Row * _output.Shape.N + flip.Column] = epilogue.Apply(accumulators[flip.Row * _output.Stride + flip.Column], flip.Row, flip.Column, scale);
        return scale;
    }

    /// <summary>A picture's share of an input to codes, each group of rows under its own scale.</summary>
    private void Quantise(ReadOnlySpan<float> values, int width)
    {
        var rows = values.Length / width;
        var groups = Groups(rows);
        var memory = Memory;
        memory.MakeRoom(checked(rows * Stride(width)), groups);
        var each = rows / groups;
        for (var group = 0; group < groups; group++)
        {
            var share = values.Slice(group * each * width, each * width);
            memory.Scales[group] = Quantizer.Scale(share);
            Quantizer.Quantise(share, width, memory.Scales[group], memory.Codes.AsSpan(group * each * Stride(width), each * Stride(width)), Stride(width));
        }

        _examination?.Begin(memory.Codes, rows, width, Stride(width));
    }

    /// <summary>
    /// The windows of a picture's share of an input to codes. Where all values share a scale it is the input's; else a window, which is a row of the product, has its own.
    /// </summary>
    private void QuantiseWindows(StepContext step, Tensor input, ConvolutionLayer layer, int picture, int rows)
    {
        var (width, stride, images) = (layer.Linear.K, Stride(layer.Linear.K), input.Shape[0] / _pictures.Count);
        var memory = Memory;
        memory.MakeRoom(checked(rows * stride), Groups(rows));
        WindowCodes.Quantise(input, (picture * images)..((picture + 1) * images), layer, _layers.Groups, memory.Scales, memory.Codes, stride, step.Workspace);
        _examination?.Begin(memory.Codes, rows, width, stride);
    }

    private UnitMemory Memory => _memory ?? throw new ObjectDisposedException(nameof(GuardedGemm));

    /// <summary>How many scales the rows of a picture's input have.</summary>
    private int Groups(int rows) => _layers.Groups == ScaleGroups.PerTensor ? 1 : rows;

    private void LeaveUntouched(StepContext step, Tensor input, int rows, Projection projection)
    {
        _untouched.Linear(step, input, projection);
        ChargeUntouched(step, rows, projection.Layer);
    }

    private void ChargeUntouched(StepContext step, int rows, LinearLayer layer)
    {
        var cost = _platform.Costs.Gemm(new GemmShape(rows, layer.N, layer.K), 0, OperatingPoint.Nominal);
        for (var picture = 0; picture < _pictures.Count; picture++)
        {
            _pictures[picture].Site = layer.Key.At(step.Index);
            Supply(picture, OperatingPoint.Nominal);
            _pictures[picture].Charge(ChargeKind.Untouched, cost);
        }
    }

    /// <summary>Brings the array to a point. What stays untouched runs on the same array at the nominal one, so every product between two such counts; a picture is charged as if it ran alone.</summary>
    private void Supply(int picture, OperatingPoint point)
    {
        _pictures[picture].Charge(ChargeKind.Transition, _platform.Costs.Transition(_supplies[picture], point));
        _supplies[picture] = point;
    }

    /// <summary>The flips of every execution of a product: the first one's, and those of seeds of their own.</summary>
    private FaultPlan[] Executions(PictureRun run, GemmSite site, FaultPlan first, int n, BitErrorProfile profile)
    {
        if (_examination is null)
            return [];
        var plans = new FaultPlan[1 + _further.Length];
        plans[0] = first;
        for (var i = 0; i < _further.Length; i++)
            plans[i + 1] = _further[i].Draw(run.FaultSeed + 0x9E3779B97F4A7C15 * (ulong)(i + 1), site, _output.Shape.M, n, profile);
        return plans;
    }

    private static int Stride(int width) => (width + StrideUnit - 1) / StrideUnit * StrideUnit + StrideUnit;

    private static Span<float> Share(Tensor tensor, int picture, int rows) => tensor.Span.Slice(picture * rows * tensor.Columns, rows * tensor.Columns);
}
