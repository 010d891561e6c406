using Drift.Kernels.Ilgpu;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Runs of the trained DiT and of Stable Diffusion's UNet whose activations stay on a device between layers. Not on the simulator, which would take an hour; its share is <see cref="ResidentGemmContract"/>.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class ResidentRunTests(BackendUnderTest under)
{
    private const int Steps = 3;
    private const double LeastPsnr = 45;

    private Workbench _there = null!, _here = null!;

    public static IEnumerable<TestFixtureData> Fixtures() =>
        BackendUnderTest.FixturesOf(BackendUnderTest.All().Where(backend => backend is { Name: IlgpuBackend.OpenCL or IlgpuBackend.Cuda, Variant: "O2" }));

    [OneTimeSetUp]
    public void Open()
    {
        _there = new Workbench(under.Open());
        _here = new Workbench();
    }

    [OneTimeTearDown]
    public void Close()
    {
        _there?.Dispose();
        _here?.Dispose();
    }

    private static IEnumerable<TestCaseData> Strategies()
    {
        yield return new TestCaseData(Workbench.Nominal).SetArgDisplayNames("nominal");
        yield return new TestCaseData(Workbench.Unprotected).SetArgDisplayNames("unprotected");
        yield return new TestCaseData(Workbench.Guarded).SetArgDisplayNames("rollback");
        yield return new TestCaseData(Workbench.Drift with { Outputs = OutputForm.Wide }).SetArgDisplayNames("drift, wide");
    }

    [TestCaseSource(nameof(Strategies))]
    public void Pictures_and_ledgers_are_the_hosts_and_the_host_waits_twice_a_step(Strategy strategy)
    {
        var device = _there.Layers.Backend.Tensors!;
        var before = device.Traffic;
        var there = _there.Draw(Workbench.Requests(1), strategy, Steps, threads: 1)[0];
        var traffic = device.Traffic - before;
        var here = _here.Draw(Workbench.Requests(1), strategy, Steps, threads: 1)[0];
        Assert.Multiple(() =>
        {
            Assert.That(Psnr.Between(Picture.From(there.Image), Picture.From(here.Image)), Is.GreaterThanOrEqualTo(LeastPsnr));
            Assert.That(there.Ledger.FaultsInjected, Is.EqualTo(here.Ledger.FaultsInjected));
            // Values behind the last block, and what the checks showed where there are any.
            Assert.That(traffic.RoundTrips, Is.EqualTo(strategy.Protection is null ? Steps : 2 * Steps));
            // CUDA's assembler fuses what PoCL and the host round apart.
            if (under.Name == IlgpuBackend.OpenCL)
                Assert.That((there.Ledger, there.Image.Span.SequenceEqual(here.Image.Span)), Is.EqualTo((here.Ledger, true)));
        });
    }

    [TestCase(false, TestName = "{m}(as the authors guard it)")]
    [TestCase(true, TestName = "{m}(convolutions, embeddings and the decoder too)")]
    public void The_unets_pictures_are_the_hosts_and_the_host_waits_twice_a_step(bool everything)
    {
        const int Few = 2;
        var pipeline = DiffusionPipeline.Load(DataFolder.Path("models", "sd-emoji"));
        var strategy = Workbench.Guarded with { Covers = everything ? _ => true : pipeline.Kind.Guards };
        DrawnPicture Draw(Workbench bench)
        {
            using var layers = new QuantisedLayers(bench.Layers.Backend, pipeline.Kind.Scales);
            var drawing = new Drawing([new PictureRequest(1, new PromptSubject("red heart"))], runs => new GuardedGemm(bench.Platform, strategy, layers, runs))
            {
                OpenDecoder = everything ? runs => new GuardedGemm(bench.Platform, strategy.Beside(), layers, runs) : null,
            };
            return new PictureBatch(pipeline, 1, bench.Layers.Backend.Tensors).Draw(drawing, new SamplingSettings(Few, 3))[0];
        }

        var device = _there.Layers.Backend.Tensors!;
        var before = device.Traffic;
        var there = Draw(_there);
        var traffic = device.Traffic - before;
        var here = Draw(_here);
        Assert.Multiple(() =>
        {
            Assert.That(Psnr.Between(Picture.From(there.Image), Picture.From(here.Image)), Is.GreaterThanOrEqualTo(LeastPsnr));
            Assert.That(there.Ledger.FaultsInjected, Is.EqualTo(here.Ledger.FaultsInjected).And.Positive);
            Assert.That(traffic.RoundTrips, Is.EqualTo(2 * (everything ? Few + 1 : Few)), "a guarded decoder is a step more");
            if (under.Name == IlgpuBackend.OpenCL)
                Assert.That((there.Ledger, there.Image.Span.SequenceEqual(here.Image.Span)), Is.EqualTo((here.Ledger, true)));
        });
    }
}
