using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// The composition root: the one place where a pipeline, a backend, the modelled machine and the rows of a comparison are put together.
/// </summary>
internal sealed class Lab : IDisposable
{
    private readonly IGemmBackend _backend;
    private readonly SamplingOptions _sampling;
    private readonly RowMemory _memory = new();
    private readonly Lazy<RangeProfile> _ranges;

    private Lab(SamplingOptions sampling, Platform platform)
    {
        _sampling = sampling;
        Platform = platform;
        Pipeline = DiffusionPipeline.Load(sampling.Model.Path);
        // Pictures are shared out among the threads first; a product gets the threads that are left over.
        _backend = Backends.Open(sampling.Backend, Math.Max(1, sampling.Threads / sampling.Images));
        Layers = new QuantisedLayers(_backend, Pipeline.Kind.Scales);
        Judge = Judge.For(sampling.Model);
        _ranges = new Lazy<RangeProfile>(ProfileRanges);
        Requests = [.. Enumerable.Range(0, sampling.Images).Select(i => new PictureRequest(sampling.SeedOf(i), sampling.SubjectOf(i)))];
    }

    /// <summary>Draws the pictures.</summary>
    public DiffusionPipeline Pipeline { get; }

    /// <summary>The modelled machine.</summary>
    public Platform Platform { get; }

    /// <summary>How often outputs are hit, in the unit of its source.</summary>
    public IErrorRates Rates { get; private init; } = new FixedRate(0);

    /// <summary>INT8 forms of the layers.</summary>
    public QuantisedLayers Layers { get; }

    /// <summary>Says what a picture shows; null for a model without a classifier of its classes.</summary>
    public Judge? Judge { get; }

    /// <summary>Says how well a picture shows its prompt; null where none was given.</summary>
    public ClipScore? Clip { get; private init; }

    /// <summary>The pictures, the same in every row.</summary>
    public IReadOnlyList<PictureRequest> Requests { get; }

    /// <summary>Where checkpoints live.</summary>
    public OffloadMemory Memory { get; private init; } = new();

    /// <summary>Their order in memory.</summary>
    public ITileLayout Layout { get; private init; } = new RowMajorLayout();

    /// <summary>The paper's ratio of compute to memory energy for this kind of model.</summary>
    public PaperMix Mix => PaperMix.Load(DataFolder.At("energy", "paper-mix.csv"))[Pipeline.Kind.PaperName];

    /// <summary>What of the subjects the model will not be told, a line each.</summary>
    public IEnumerable<string> Omissions =>
        _sampling.Subjects.Select(subject => Pipeline.Conditioner.Omission(subject, _sampling.Settings)).OfType<string>().Distinct();

    /// <summary>Opens what a comparison needs.</summary>
    /// <exception cref="OperatingPointException">A row's voltage or frequency lies outside the tables.</exception>
    /// <exception cref="UserErrorException">A rate was given for a row that runs at the nominal point, which stays free of errors.</exception>
    public static Lab Open(CompareOptions options)
    {
        var rates = options.Faults.OpenRates(options.OperatingPoints);
        // What cannot run is refused before anything is drawn, and a rate of one's own does not make a voltage possible.
        foreach (var point in options.Rows.Where(row => row != "nominal" && !IsUnquantised(row)).Select(row => PointOf(row, options)))
        {
            rates.At(point);
            if (options.BitErrorRate is not null && point == OperatingPoint.Nominal)
                throw new UserErrorException($"--ber: {point} is the nominal point, which stays free of errors; expected another --voltage or --frequency beside it");
        }

        if (options.BitErrorRate is { } rate)
            rates = new FixedRate(rate, options.Faults.FixedUnit);
        return new Lab(options.Sampling, Machine(options.Faults.Around(rates)))
        {
            Rates = rates,
            Clip = options.Clip is { } folder ? ClipScore.Load(folder) : null,
            Memory = options.Offload.Open(),
            Layout = TileLayouts.Open(options.Offload.Layout, options.Tile),
        };
    }

    /// <summary>Opens what drawing without faults needs.</summary>
    public static Lab Open(SamplingOptions sampling) => new(sampling, Machine(new ErrorModel(new FixedRate(0))));

    /// <summary>True for the row that has no modelled energy: the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static bool IsUnquantised(string row) => row == "fp32";

    /// <summary>How a row executes its layers; null for the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>, or a <see cref="RowName"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public Strategy? StrategyOf(string row, CompareOptions options)
    {
        if (IsUnquantised(row))
            return null;
        var point = PointOf(row, options);
        var protection = Protection.Rollback(options.Tile, options.Threshold, options.Interval) with { BytesPerStep = options.BytesPerStep };
        var (kind, steps) = (options.Sampling.Model.Kind, options.Sampling.Steps);
        Strategy Run(Func<IOperatingPolicy> policy, OutputForm form, Protection? guard) => new(policy, form, guard) { Covers = kind.Guards };
        DriftPolicy Schedule() => new(point, kind.Schedule.SafeSteps, kind.Schedule.SafeLastSteps, steps);
        return row switch
        {
            "nominal" or "unprotected" => Run(() => new UniformPolicy(point), options.Outputs, null),
            "rollback" => Run(() => new UniformPolicy(point), options.Outputs, protection),
            "drift" or "drift-overclocked" => Run(Schedule, options.Outputs, protection),
            "unprotected-wide" => Run(() => new UniformPolicy(point), OutputForm.Wide, null),
            "drift-wide" => Run(Schedule, OutputForm.Wide, protection),
            _ when RowName.Parse(row) is { } name => Run(() => new UniformPolicy(point), name.Wide ? OutputForm.Wide : options.Outputs,
                ProtectionCatalog.Open(name.Protection, new ProtectionSettings(options.Tile, options.Threshold, options.Interval, name.Protection == "range-clamp" ? _ranges.Value : new RangeProfile())) is { } named ? named with { BytesPerStep = options.BytesPerStep } : null),
            _ => throw new UserErrorException($"--rows: there is no row '{row}'; there are {string.Join(", ", CompareRow.Names)}"),
        };
    }

    /// <summary>Draws all pictures in some ways, one after the other.</summary>
    /// <param name="strategies">How layers are executed in each; null for fp32.</param>
    /// <param name="advance">Told a way's place and how many picture-steps of it were just done.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public IReadOnlyList<FinishedDrawing> Draw(IEnumerable<Strategy?> strategies, Action<int, int> advance, CancellationToken cancellation) =>
        new PictureBatch(Pipeline, _sampling.Threads).Draw([.. strategies.Select((strategy, i) => new Drawing(Requests,
            runs => Open(strategy, runs), steps => advance(i, steps)) { Begin = request => Begin(request) })],
            _sampling.Settings, cancellation);

    /// <summary>Begins a picture, its checkpoints in the run's memory.</summary>
    /// <param name="request">What is drawn.</param>
    /// <param name="trace">Writes down every charge; null for nobody.</param>
    public PictureRun Begin(PictureRequest request, RunTrace? trace = null) => new(request, new CheckpointStore(Layout, Memory)) { Trace = trace };

    /// <summary>Opens what computes some pictures' layers.</summary>
    /// <param name="strategy">How layers are executed; null for fp32.</param>
    /// <param name="runs">The pictures.</param>
    public IGemmUnit Open(Strategy? strategy, IReadOnlyList<PictureRun> runs)
    {
        IGemmUnit unit = strategy is null ? new FloatUnit(_memory) : new GuardedGemm(Platform, strategy, Layers, runs, _memory);
        return _sampling.Cache is not { } cache ? unit : new ForecastUnit(unit, cache, bytes =>
        {
            foreach (var run in runs)
                run.Charge(ChargeKind.Cache, Platform.Costs.Transfer(new Bytes(bytes / runs.Count)));
        });
    }

    /// <summary>What a whole row cost: every picture's ledger, and the weights, read for the batch once at each step that computes them.</summary>
    public Cost CostOf(IReadOnlyList<DrawnPicture> drawn)
    {
        var weightBytes = Pipeline.Denoiser.Layers.Sum(layer => (long)layer.N * layer.K * (_sampling.Cache?.StepsOf(layer.Key, _sampling.Steps) ?? _sampling.Steps));
        return drawn.Select(picture => picture.Ledger.Cost).Aggregate(Platform.Costs.Transfer(new Bytes(weightBytes)), (sum, cost) => sum + cost);
    }

    /// <summary>The point that a row's guarded layers run at, safe steps aside.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public static OperatingPoint PointOf(string row, CompareOptions options) => row switch
    {
        "nominal" => OperatingPoint.Nominal,
        _ when RowName.Parse(row)?.Volts is { } volts => OperatingPoint.Nominal with { Voltage = new Volts(volts) },
        "drift-overclocked" => OperatingPoint.Nominal with { Frequency = Hertz.FromGigahertz(options.Frequency) },
        _ => OperatingPoint.Nominal with { Voltage = new Volts(options.Voltage) },
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Memory.Dispose();
        Layers.Dispose();
        _backend.Dispose();
    }

    /// <summary>The ranges of a clean run: one picture of a seed that no row draws.</summary>
    private RangeProfile ProfileRanges()
    {
        var ranges = new RangeProfile();
        var strategy = new Strategy(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, Protection.Correcting(0, null) with { Recovery = new RangeRecorder(ranges) });
        var request = new PictureRequest(_sampling.SeedOf(_sampling.Images), _sampling.SubjectOf(_sampling.Images));
        new PictureBatch(Pipeline, 1).Draw(new Drawing([request], runs => new GuardedGemm(Platform, strategy, Layers, runs, _memory)), new SamplingSettings(_sampling.Steps, _sampling.Guidance));
        return ranges;
    }

    /// <summary>What work costs on the paper's accelerator.</summary>
    public static ICostModel PaperCosts() => new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.At("energy", "paper.csv")));

    private static Platform Machine(IErrorModel errors) => new(errors, PaperCosts());
}
