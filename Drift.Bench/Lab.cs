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
    private readonly CancellationToken _cancellation;

    private Lab(SamplingOptions sampling, Platform platform, CancellationToken cancellation)
    {
        (_sampling, _cancellation) = (sampling, cancellation);
        Platform = platform;
        Pipeline = DiffusionPipeline.Load(sampling.Model.Path);
        // Pictures are shared out among the threads first; a product gets the threads that are left over.
        _backend = Backends.Open(sampling.Backend, Math.Max(1, sampling.Threads / sampling.Images));
        WeightCache = sampling.WeightCache is { } folder ? Bench.WeightCache.Open(folder) : null;
        Layers = new QuantisedLayers(_backend, Pipeline.Kind.Scales, WeightCache);
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

    /// <summary>Keeps activations between layers; null where the backend is the host's, or only multiplies.</summary>
    public ITensorDevice? Device => _backend.Tensors;

    /// <summary>Keeps INT8 weights from run to run; null where nobody wants it.</summary>
    public WeightCache? WeightCache { get; }

    /// <summary>Where the time of each way of the last drawing went, in their order; empty where nobody asked.</summary>
    public IReadOnlyList<Profile> Profiles { get; private set; } = [];

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
    /// <param name="options">Its settings.</param>
    /// <param name="cancellation">Stops the clean runs whose ranges a row asks for.</param>
    /// <exception cref="OperatingPointException">A row's voltage or frequency lies outside the tables.</exception>
    /// <exception cref="UserErrorException">A rate was given for a row that runs at the nominal point, which stays free of errors.</exception>
    public static Lab Open(CompareOptions options, CancellationToken cancellation = default)
    {
        var rates = options.Faults.OpenRates(options.OperatingPoints);
        // What cannot run is refused before anything is drawn, and a rate of one's own does not make a voltage possible.
        foreach (var point in options.Rows.Where(row => row != "nominal" && !IsUnquantised(row)).SelectMany(row => PointsOf(row, options)))
        {
            rates.At(point);
            if (options.BitErrorRate is not null && point == OperatingPoint.Nominal && options.Policy is null)
                throw new UserErrorException($"--ber: {point} is the nominal point, which stays free of errors; expected another --voltage or --frequency beside it");
        }

        if (options.BitErrorRate is { } rate)
            rates = new FixedRate(rate, options.Faults.FixedUnit);
        return new Lab(options.Sampling, Machine(options.Faults.Around(rates), options.Energy), cancellation)
        {
            Rates = rates,
            Clip = options.Clip is { } folder ? ClipScore.Load(folder) : null,
            Memory = options.Offload.Open(),
            Layout = TileLayouts.Open(options.Offload.Layout, options.Tile),
        };
    }

    /// <summary>Opens what drawing without faults needs.</summary>
    public static Lab Open(SamplingOptions sampling) => new(sampling, Machine(new ErrorModel(new FixedRate(0)), EnergyFile.Standard), default);

    /// <summary>True for the row that has no modelled energy: the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static bool IsUnquantised(string row) => row == "fp32";

    /// <summary>A way of executing the layers of the settings: those of <c>--layers</c>, else the pipeline's own.</summary>
    /// <param name="policy">Opens the policy of a picture.</param>
    /// <param name="outputs">How outputs leave the accumulator.</param>
    /// <param name="protection">Checks and recovery, or null for none.</param>
    public Strategy Strategy(Func<IOperatingPolicy> policy, OutputForm outputs, Protection? protection) =>
        new Strategy(policy, outputs, protection) { Covers = _sampling.Layers.Covers }.With(_sampling.Layers);

    /// <summary>How a row executes its layers; null for the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>, or a <see cref="RowName"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public Strategy? StrategyOf(string row, CompareOptions options)
    {
        if (IsUnquantised(row))
            return null;
        var point = PointOf(row, options);
        var protection = Protection.Rollback(options.Tile, options.Threshold, options.Interval) with { BytesPerStep = options.BytesPerStep };
        var kind = options.Sampling.Model.Kind;
        DriftPolicy Schedule() => new(point, kind.Schedule.SafeSteps, kind.Schedule.SafeLastSteps, Predictions);
        var strategy = row switch
        {
            "nominal" or "unprotected" => Strategy(() => new UniformPolicy(point), options.Outputs, null),
            "rollback" => Strategy(() => new UniformPolicy(point), options.Outputs, protection),
            "drift" or "drift-overclocked" => Strategy(Schedule, options.Outputs, protection),
            "unprotected-wide" => Strategy(() => new UniformPolicy(point), OutputForm.Wide, null),
            "drift-wide" => Strategy(Schedule, OutputForm.Wide, protection),
            CompareOptions.PolicyRow when options.Policy is { } policy => policy.File.ToStrategy(policy.Path, Scope, Rates, kind, () => _ranges.Value).With(options.Sampling.Layers),
            _ when RowName.Parse(row) is { } name => Strategy(() => new UniformPolicy(point), name.Wide ? OutputForm.Wide : options.Outputs,
                ProtectionCatalog.Open(name.Protection, new ProtectionSettings(options.Tile, options.Threshold, options.Interval, name.Protection == "range-clamp" ? _ranges.Value : new RangeProfile())) is { } named ? named with { BytesPerStep = options.BytesPerStep } : null),
            _ => throw new UserErrorException($"--rows: there is no row '{row}'; there are {string.Join(", ", CompareRow.Names)}"),
        };
        return strategy with { Protection = strategy.Protection is { } guard ? guard with { Place = options.Offload.Place } : null };
    }

    /// <summary>Draws all pictures in some ways, one after the other.</summary>
    /// <param name="strategies">How layers are executed in each; null for fp32.</param>
    /// <param name="advance">Told a way's place and how many picture-steps of it were just done.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public IReadOnlyList<FinishedDrawing> Draw(IEnumerable<Strategy?> strategies, Action<int, int> advance, CancellationToken cancellation)
    {
        var ways = strategies.ToList();
        Profiles = _sampling.Profiled ? [.. ways.Select(_ => new Profile())] : [];
        return new PictureBatch(Pipeline, _sampling.Threads, Device).Draw([.. ways.Select((strategy, i) => new Drawing(Requests, runs => Open(strategy, runs, i), steps => advance(i, steps))
        {
            Begin = request => Begin(request),
            OpenTextEncoder = strategy is { CoversTextEncoder: true } && Pipeline.Kind.TakesPrompts ? Beside(strategy) : null,
            OpenDecoder = strategy is { CoversAutoencoder: true } ? Beside(strategy) : null,
        })], _sampling.Settings, cancellation);
    }

    /// <summary>Begins a picture, its checkpoints in the run's memory.</summary>
    /// <param name="request">What is drawn.</param>
    /// <param name="trace">Writes down every charge; null for nobody.</param>
    public PictureRun Begin(PictureRequest request, RunTrace? trace = null) => new(request, new CheckpointStore(Layout, Memory)) { Trace = trace };

    /// <summary>A way of drawing some pictures, for commands of their own.</summary>
    /// <param name="strategy">How layers are executed.</param>
    /// <param name="requests">The pictures.</param>
    /// <param name="trace">Writes down every charge, where there is one picture; null for nobody.</param>
    public Drawing DrawingOf(Strategy strategy, IReadOnlyList<PictureRequest> requests, RunTrace? trace = null) => new(requests, runs => Open(strategy, runs, null))
    {
        Begin = request => Begin(request, trace),
        OpenTextEncoder = strategy.CoversTextEncoder && Pipeline.Kind.TakesPrompts ? Beside(strategy) : null,
        OpenDecoder = strategy.CoversAutoencoder ? Beside(strategy) : null,
    };

    private Func<IReadOnlyList<PictureRun>, IGemmUnit> Beside(Strategy strategy) => runs => new GuardedGemm(Platform, strategy.Beside(), Layers, runs);

    private IGemmUnit Open(Strategy? strategy, IReadOnlyList<PictureRun> runs, int? way)
    {
        IGemmUnit unit = strategy is null ? new FloatUnit(_memory) : new GuardedGemm(Platform, strategy, Layers, runs, MemoryFor(strategy));
        if (_sampling.Profiled && way is { } place)
            unit = new ProfilingUnit(unit, Profiles[place]);
        return _sampling.Cache is not { } cache ? unit : new ForecastUnit(unit, cache, bytes =>
        {
            foreach (var run in runs)
                run.Charge(ChargeKind.Cache, Platform.Costs.Transfer(new Bytes(bytes / runs.Count), Traffic.Features));
        });
    }

    /// <summary>
    /// Rows that runs of a strategy may share with others; null for none. A fault in an embedding changes every row behind it: such runs neither take remembered rows nor
    /// leave any.
    /// </summary>
    /// <param name="strategy">How the layers are executed.</param>
    public RowMemory? MemoryFor(Strategy strategy) =>
        Pipeline.Denoiser.Layers.All(layer => !strategy.Covers(layer.Key) || Pipeline.Kind.Guards(layer.Key)) ? _memory : null;

    /// <summary>What a whole row cost: every picture's ledger, and the weights, read once for a batch at each step that computes them.</summary>
    /// <param name="drawn">The row's pictures.</param>
    /// <param name="batch">How many pictures share a reading of the weights; null for all of them.</param>
    public Cost CostOf(IReadOnlyList<DrawnPicture> drawn, int? batch = null)
    {
        var weightBytes = Pipeline.Denoiser.Layers.Sum(layer => (long)layer.N * layer.K * (_sampling.Cache?.StepsOf(layer.Key, Predictions) ?? Predictions));
        var readings = batch is { } size ? (double)drawn.Count / size : 1;
        return drawn.Select(picture => picture.Ledger.Cost).Aggregate(Platform.Costs.Transfer(new Bytes((long)Math.Round(readings * weightBytes)), Traffic.Weights), (sum, cost) => sum + cost);
    }

    /// <summary>How often a run asks the denoiser: the steps of the sampler, and one more where it makes one twice.</summary>
    private int Predictions => Pipeline.Sampler.Begin(_sampling.Steps).Timesteps.Count;

    /// <summary>What a policy can speak of.</summary>
    public PolicyScope Scope => new(Predictions, [.. Pipeline.Denoiser.Layers.Select(layer => layer.Key).Where(_sampling.Layers.Covers)]);

    /// <summary>The points that a row's guarded layers run at, safe steps aside.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>, a <see cref="RowName"/>, or <see cref="CompareOptions.PolicyRow"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public static IEnumerable<OperatingPoint> PointsOf(string row, CompareOptions options) =>
        row == CompareOptions.PolicyRow && options.Policy is { } policy ? policy.File.NamedPoints() : [PointOf(row, options)];

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

    /// <summary>
    /// The ranges of clean runs of the very pictures, in both forms of outputs: so no sound value is ever clamped. It is the method's best case; the range of another picture clamps sound values of these.
    /// </summary>
    private RangeProfile ProfileRanges()
    {
        var ranges = new RangeProfile();
        foreach (var outputs in Enum.GetValues<OutputForm>())
        {
            var recorder = Protection.Correcting(0, null) with { Recovery = new RangeRecorder(ranges) };
            new PictureBatch(Pipeline, _sampling.Threads, Device).Draw(DrawingOf(Strategy(() => new UniformPolicy(OperatingPoint.Nominal), outputs, recorder), Requests), _sampling.Settings, _cancellation);
        }

        return ranges;
    }

    /// <summary>What work costs on the paper's accelerator, at the paper's energies.</summary>
    public static ICostModel PaperCosts() => CostsAt(EnergyFile.Standard);

    private static AcceleratorCost CostsAt(string energy) => new(new SystolicArray(), EnergyModel.Load(EnergyFile.Find(energy)));

    private static Platform Machine(IErrorModel errors, string energy) => new(errors, CostsAt(energy));
}
