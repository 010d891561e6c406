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
    public static Lab Open(CompareOptions options)
    {
        var errors = TabulatedErrors.Load(options.OperatingPoints ?? DataFolder.At("operating-points", "paper.csv"));
        IErrorModel model = options.BitErrorRate is { } rate ? new FixedRate(rate) : errors;
        // A point outside the tables is refused before anything is drawn.
        foreach (var point in new[] { Undervolted(options), Overclocked(options) })
            model.At(point);
        return new Lab(options.Sampling, Machine(model));
    }

    /// <summary>Opens what drawing without faults needs.</summary>
    public static Lab Open(SamplingOptions sampling) => new(sampling, Machine(new FixedRate(0)));

    /// <summary>True for the row that has no modelled energy: the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    public static bool IsUnquantised(string row) => row == "fp32";

    /// <summary>How a row executes its layers; null for the unquantised reference.</summary>
    /// <param name="row">One of <see cref="CompareRow.Names"/>.</param>
    /// <param name="options">The comparison's settings.</param>
    public static Strategy? StrategyOf(string row, CompareOptions options)
    {
        var (undervolted, outputs) = (Undervolted(options), options.Outputs);
        var protection = new Protection(options.Tile, new ThresholdRule(options.Threshold), new Rollback(), new CheckpointInterval(options.Interval));
        Strategy Run(IOperatingPolicy policy, OutputForm form, Protection? guard) => new(policy, form, guard) { LargeFault = options.Threshold };
        return row switch
        {
            _ when IsUnquantised(row) => null,
            "nominal" => Run(new UniformPolicy(OperatingPoint.Nominal), outputs, null),
            "unprotected" => Run(new UniformPolicy(undervolted), outputs, null),
            "rollback" => Run(new UniformPolicy(undervolted), outputs, protection),
            "drift" => Run(new DriftPolicy(undervolted), outputs, protection),
            "drift-overclocked" => Run(new DriftPolicy(Overclocked(options)), outputs, protection),
            "unprotected-wide" => Run(new UniformPolicy(undervolted), OutputForm.Wide, null),
            "drift-wide" => Run(new DriftPolicy(undervolted), OutputForm.Wide, protection),
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

    /// <inheritdoc/>
    public void Dispose()
    {
        Layers.Dispose();
        _backend.Dispose();
    }

    private static OperatingPoint Undervolted(CompareOptions options) => OperatingPoint.Nominal with { Voltage = new Volts(options.Voltage) };

    private static OperatingPoint Overclocked(CompareOptions options) => OperatingPoint.Nominal with { Frequency = Hertz.FromGigahertz(options.Frequency) };

    private static Platform Machine(IErrorModel errors) =>
        new(errors, new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.At("energy", "paper.csv"))));
}
