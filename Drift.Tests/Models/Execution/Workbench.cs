using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Tests;

/// <summary>The trained DiT, the paper's machine and its strategies, as the tests of whole runs need them.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly IGemmBackend _backend;

    public Workbench(IGemmBackend? backend = null)
    {
        _backend = backend ?? new HostBackend();
        Layers = new QuantisedLayers(_backend);
    }

    public static OperatingPoint Undervolted => OperatingPoint.Of(0.675, 2.0);

    public static Protection Rollback => Protection.Rollback();

    public static Strategy Nominal => Of(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, null);

    public static Strategy Unprotected => Of(() => new UniformPolicy(Undervolted), OutputForm.Saturating, null);

    public static Strategy Guarded => Of(() => new UniformPolicy(Undervolted), OutputForm.Saturating, Rollback);

    public static Strategy Drift => Of(() => new DriftPolicy(Undervolted), OutputForm.Saturating, Rollback);

    public static Strategy Of(Func<IOperatingPolicy> policy, OutputForm outputs, Protection? protection) => new(policy, outputs, protection) { Covers = PipelineCatalog.Get("DiTPipeline").Guards };

    public DiffusionPipeline Pipeline { get; } = DiffusionPipeline.Load(DataFolder.Path("models", "dit-fashion"));

    public QuantisedLayers Layers { get; }

    public Platform Platform { get; } = new(new ErrorModel(TabulatedErrors.Load(DataFolder.Path("operating-points", "paper.csv"))),
        new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));

    public static IReadOnlyList<PictureRequest> Requests(int count) => [.. Enumerable.Range(0, count).Select(i => new PictureRequest((ulong)(i + 1), i % 10))];

    public IReadOnlyList<DrawnPicture> Draw(IReadOnlyList<PictureRequest> requests, Strategy strategy, int steps, int threads = 2, Action<GuardedProduct>? watch = null) =>
        new PictureBatch(Pipeline, threads, Layers.Backend.Tensors).Draw(
            new Drawing(requests, pictures => new GuardedGemm(Platform, strategy, Layers, pictures) { Watch = watch }), new SamplingSettings(steps, 2));

    public void Dispose()
    {
        Layers.Dispose();
        _backend.Dispose();
    }
}
