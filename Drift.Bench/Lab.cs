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

    private Lab(SamplingOptions sampling, Platform platform)
    {
        _sampling = sampling;
        Platform = platform;
        Pipeline = DiffusionPipeline.Load(sampling.Model.Path);
        // Pictures are shared out among the threads first; a product gets the threads that are left over.
        _backend = Backends.Open(sampling.Backend, Math.Max(1, sampling.Threads / sampling.Images));
        Layers = new QuantisedLayers(_backend);
        Judge = Judge.For(sampling.Model);
        Requests = [.. Enumerable.Range(0, sampling.Images).Select(i => new PictureRequest(sampling.SeedOf(i), sampling.ClassOf(i)))];
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

    /// <summary>The pictures, the same in every row.</summary>
    public IReadOnlyList<PictureRequest> Requests { get; }

    /// <summary>The paper's ratio of compute to memory energy for this kind of model.</summary>
    public static PaperMix Mix => PaperMix.Load(DataFolder.At("energy", "paper-mix.csv"))["dit"];

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
        return new Lab(options.Sampling, Machine(options.Faults.Around(rates))) { Rates = rates };
    }

    /// <summary>Opens what drawing without faults needs.</summary>
    public static Lab Open(SamplingOptions sampling) => new(sampling, Machine(new ErrorModel(new FixedRate(0))));

    /// <summary>True for the row that has no modelled energy: the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static bool IsUnquantised(string row) => row == "fp32";

    /// <summary>How a row executes its layers; null for the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public static Strategy? StrategyOf(string row, CompareOptions options)
    {
        if (IsUnquantised(row))
            return null;
        var point = PointOf(row, options);
        var protection = Protection.Rollback(options.Tile, options.Threshold, options.Interval);
        Strategy Run(Func<IOperatingPolicy> policy, OutputForm form, Protection? guard) => new(policy, form, guard);
        return row switch
        {
            "nominal" or "unprotected" => Run(() => new UniformPolicy(point), options.Outputs, null),
            "rollback" => Run(() => new UniformPolicy(point), options.Outputs, protection),
            "drift" or "drift-overclocked" => Run(() => new DriftPolicy(point), options.Outputs, protection),
            "unprotected-wide" => Run(() => new UniformPolicy(point), OutputForm.Wide, null),
            "drift-wide" => Run(() => new DriftPolicy(point), OutputForm.Wide, protection),
            _ => throw new UserErrorException($"--rows: there is no row '{row}'; there are {string.Join(", ", CompareRow.Names)}"),
        };
    }

    /// <summary>Draws all pictures one way.</summary>
    /// <param name="strategy">How layers are executed; null for fp32.</param>
    /// <param name="stepped">Told how many picture-steps were just done.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public IReadOnlyList<DrawnPicture> Draw(Strategy? strategy, Action<int>? stepped, CancellationToken cancellation) =>
        new PictureBatch(Pipeline, _sampling.Threads).Draw(Requests, new SamplingSettings(_sampling.Steps, _sampling.Guidance),
            runs => strategy is null ? new FloatUnit() : new GuardedGemm(Platform, strategy, Layers, runs), stepped, cancellation);

    /// <summary>What a whole row cost: every picture's ledger, and the weights, read once a step for the batch.</summary>
    public Cost CostOf(IReadOnlyList<DrawnPicture> drawn)
    {
        var weightBytes = Pipeline.Denoiser.Layers.Sum(layer => (long)layer.N * layer.K) * _sampling.Steps;
        return drawn.Select(picture => picture.Ledger.Cost).Aggregate(Platform.Costs.Transfer(new Bytes(weightBytes)), (sum, cost) => sum + cost);
    }

    /// <summary>The point that a row's guarded layers run at, safe steps aside.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public static OperatingPoint PointOf(string row, CompareOptions options) => row switch
    {
        "nominal" => OperatingPoint.Nominal,
        "drift-overclocked" => OperatingPoint.Nominal with { Frequency = Hertz.FromGigahertz(options.Frequency) },
        _ => OperatingPoint.Nominal with { Voltage = new Volts(options.Voltage) },
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Layers.Dispose();
        _backend.Dispose();
    }

    private static Platform Machine(IErrorModel errors) =>
        new(errors, new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.At("energy", "paper.csv"))));
}
