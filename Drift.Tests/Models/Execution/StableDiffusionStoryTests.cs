using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// Stable Diffusion against an independent simulation of the same rules on the same checkpoint (4 prompts, 30 steps, guidance 3, interval 8, first two steps nominal,
/// p = 3e-3, weights per channel, activations per token). docs/rollback.md has sixteen pictures and the wide rows, which vary too much for these few.
/// </summary>
[TestFixture]
public sealed class StableDiffusionStoryTests
{
    private const int Pictures = 2, Steps = 30;
    private const double Agreement = 3;
    private static readonly string[] Prompts = ["red heart", "octopus"];
    private static readonly SamplingSettings Settings = new(Steps, 3);
    private readonly DiffusionPipeline _pipeline = DiffusionPipeline.Load(DataFolder.Path("models", "sd-emoji"));
    private readonly Platform _platform = new(new ErrorModel(new FixedRate(3e-3)), new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));
    private readonly HostBackend _backend = new();
    private readonly HashSet<GemmRole> _hit = [];
    private QuantisedLayers _layers = null!;

    [OneTimeSetUp]
    public void Open() => _layers = new QuantisedLayers(_backend, _pipeline.Kind.Scales);

    [OneTimeTearDown]
    public void Close()
    {
        _layers.Dispose();
        _backend.Dispose();
    }

    [Test]
    public void Pictures_agree_with_an_independent_simulation_and_the_layers_that_the_authors_hit_are_hit()
    {
        var nominal = Draw(Workbench.Nominal);
        double Decibels(Strategy strategy) =>
            Draw(strategy).Zip(nominal, (a, b) => Psnr.Between(Picture.From(a.Image), Picture.From(b.Image))).Average();
        var schedule = _pipeline.Kind.Schedule;
        var (unprotected, drift) = (Decibels(Workbench.Unprotected), Decibels(Workbench.Drift with
        {
            OpenPolicy = () => new DriftPolicy(Workbench.Undervolted, schedule.SafeSteps, schedule.SafeLastSteps, Steps),
            Protection = Protection.Rollback(interval: 8),
        }));
        TestContext.Out.WriteLine($"unprotected {unprotected:F1} dB, simulated 33.4; DRIFT {drift:F1} dB, simulated 48.4");
        Assert.Multiple(() =>
        {
            Assert.That(unprotected, Is.EqualTo(33.4).Within(Agreement));
            Assert.That(drift, Is.EqualTo(48.4).Within(Agreement));
            Assert.That(_hit, Is.EquivalentTo(_pipeline.Kind.GuardedRoles).And.Contains(GemmRole.CrossQuery).And.Not.Contains(GemmRole.Convolution));
        });
    }

    private IReadOnlyList<DrawnPicture> Draw(Strategy strategy)
    {
        IReadOnlyList<PictureRequest> requests = [.. Enumerable.Range(0, Pictures).Select(i => new PictureRequest((ulong)i, new PromptSubject(Prompts[i % Prompts.Length])))];
        return new PictureBatch(_pipeline, 2).Draw(new Drawing(requests, runs => new GuardedGemm(_platform, strategy with { Covers = _pipeline.Kind.Guards }, _layers, runs)
        {
            Watch = Seen,
        }), Settings);
    }

    private void Seen(GuardedProduct product)
    {
        lock (_hit)
            _hit.Add(product.Site.Role);
    }
}
