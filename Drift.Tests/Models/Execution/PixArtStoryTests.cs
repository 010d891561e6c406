using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// PixArt against an independent simulation of the same rules on the same checkpoint (4 prompts, 20 steps, guidance 3, interval 8, first and last step nominal,
/// p = 3e-3, weights per channel, activations per token). Single pictures differ by several dB, so here there are more of them. docs/rollback.md has both.
/// </summary>
[TestFixture]
public sealed class PixArtStoryTests
{
    private const int Pictures = 12, Steps = 20;
    private const double Agreement = 3;
    private static readonly string[] Prompts = ["dog face", "pizza", "a picture of a rocket", "smiling face with sunglasses"];
    private static readonly SamplingSettings Settings = new(Steps, 3) { TextTokens = 24 };
    private readonly DiffusionPipeline _pipeline = DiffusionPipeline.Load(DataFolder.Path("models", "pixart-emoji"));
    private readonly Platform _platform = new(new ErrorModel(new FixedRate(3e-3)), new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));
    private readonly HostBackend _backend = new();
    private QuantisedLayers _layers = null!;
    private IReadOnlyList<DrawnPicture> _nominal = [];

    [OneTimeSetUp]
    public void Open()
    {
        _layers = new QuantisedLayers(_backend, _pipeline.Kind.Scales);
        _nominal = Draw(Of(Workbench.Nominal), Pictures, threads: 2);
    }

    [OneTimeTearDown]
    public void Close()
    {
        _layers.Dispose();
        _backend.Dispose();
    }

    [TestCase("unprotected", 24.3)]
    [TestCase("drift", 34.4)]
    [TestCase("unprotected-wide", 5.8)]
    [TestCase("drift-wide", 13.7)]
    public void Pictures_agree_with_an_independent_simulation(string row, double simulated)
    {
        var schedule = _pipeline.Kind.Schedule;
        var drift = Workbench.Drift with
        {
            OpenPolicy = () => new DriftPolicy(Workbench.Undervolted, schedule.SafeSteps, schedule.SafeLastSteps, Steps),
            Protection = Protection.Rollback(interval: schedule.Interval),
        };
        var strategy = row.StartsWith("drift", StringComparison.Ordinal) ? drift : Workbench.Unprotected;
        var drawn = Draw(Of(row.EndsWith("wide", StringComparison.Ordinal) ? strategy with { Outputs = OutputForm.Wide } : strategy), Pictures, threads: 2);
        var psnr = drawn.Zip(_nominal, (a, b) => Psnr.Between(Picture.From(a.Image), Picture.From(b.Image))).Average();
        TestContext.Out.WriteLine($"{row}: {psnr:F1} dB, simulated {simulated} dB");
        Assert.That(psnr, Is.EqualTo(simulated).Within(Agreement));
    }

    [Test]
    public void A_picture_is_the_same_alone_and_beside_others_on_any_number_of_threads()
    {
        var together = Draw(Of(Workbench.Guarded), 3, threads: 3);
        var last = Draw(Of(Workbench.Guarded), 3, threads: 1, only: 2);
        Assert.That(last[0].Image.Span.SequenceEqual(together[2].Image.Span));
        Assert.That(last[0].Ledger, Is.EqualTo(together[2].Ledger));
    }

    [Test]
    public void The_layers_that_the_authors_hit_are_hit_and_no_others()
    {
        var roles = new HashSet<GemmRole>();
        Draw(Of(Workbench.Unprotected), 1, threads: 1, watch: product => roles.Add(product.Site.Role));
        Assert.That(roles, Is.EquivalentTo(_pipeline.Kind.GuardedRoles).And.Contains(GemmRole.CrossKey).And.Not.Contains(GemmRole.CrossQuery));
    }

    private Strategy Of(Strategy strategy) => strategy with { Covers = _pipeline.Kind.Guards };

    private IReadOnlyList<DrawnPicture> Draw(Strategy strategy, int count, int threads, int? only = null, Action<GuardedProduct>? watch = null)
    {
        IReadOnlyList<PictureRequest> requests = [.. Enumerable.Range(0, count).Where(i => only is null || i == only)
            .Select(i => new PictureRequest((ulong)i, new PromptSubject(Prompts[i % Prompts.Length])))];
        return new PictureBatch(_pipeline, threads).Draw(new Drawing(requests, runs => new GuardedGemm(_platform, strategy, _layers, runs) { Watch = watch }), Settings);
    }
}
