using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// The story against an independent simulation of the same rules on the same checkpoint (10 pictures, one a class, 50 steps, guidance 2, p = 3.219e-3). That one
/// does not say over what it took its quantisation scales; its figures are those of scales shared among the ten pictures, so here they run as one group. docs/rollback.md has both.
/// </summary>
[TestFixture]
public sealed class StoryTests
{
    private const int Pictures = 10;
    private const double Agreement = 2;
    private Workbench _bench = null!;
    private IReadOnlyList<Picture> _nominal = [];

    [OneTimeSetUp]
    public void Open()
    {
        _bench = new Workbench(new HostBackend(Environment.ProcessorCount));
        _nominal = Draw(Workbench.Nominal);
    }

    [OneTimeTearDown]
    public void Close() => _bench.Dispose();

    [TestCase("unprotected", 28.4)]
    [TestCase("rollback", 43.0)]
    [TestCase("drift", 44.4)]
    [TestCase("unprotected-wide", 6.6)]
    [TestCase("drift-wide", 8.6)]
    public void Pictures_agree_with_an_independent_simulation(string row, double simulated)
    {
        var strategy = row switch
        {
            "unprotected" => Workbench.Unprotected,
            "rollback" => Workbench.Guarded,
            "drift" => Workbench.Drift,
            "unprotected-wide" => Workbench.Unprotected with { Outputs = OutputForm.Wide },
            _ => Workbench.Drift with { Outputs = OutputForm.Wide },
        };
        var psnr = Draw(strategy).Zip(_nominal, Psnr.Between).Average();
        TestContext.Out.WriteLine($"{row}: {psnr:F1} dB, simulated {simulated} dB");
        Assert.That(psnr, Is.EqualTo(simulated).Within(Agreement));
    }

    /// <summary>All pictures as one group of rows: one scale, one checkpoint and one fault seed for the ten of them.</summary>
    private IReadOnlyList<Picture> Draw(Strategy strategy)
    {
        var requests = Workbench.Requests(Pictures);
        var (channels, height, width) = _bench.Pipeline.Denoiser.LatentShape;
        var latents = new Tensor(Pictures, channels, height, width);
        for (var i = 0; i < Pictures; i++)
            _bench.Pipeline.Noise(requests[i]).Span.CopyTo(latents.Slice(i, 1).Span);
        using var unit = new GuardedGemm(_bench.Platform, strategy, _bench.Layers, [new PictureRun(requests[0])]);
        var settings = new SamplingSettings(50, 2);
        _bench.Pipeline.Denoise(latents, _bench.Pipeline.Conditioner.Condition(requests, settings, new FloatUnit(), new Workspace()), settings, unit, new Workspace());
        var images = _bench.Pipeline.Decode(latents, new FloatUnit(), new Workspace());
        return [.. Enumerable.Range(0, Pictures).Select(i => Picture.From(images.Slice(i, 1).Reshape([.. images.Shape.Skip(1)])))];
    }
}
