using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Blocks that are computed at some steps and forecast at the others.</summary>
public sealed class ForecastTests
{
    /// <summary>Features of whole numbers, so that fp32 has nothing to round.</summary>
    private static float[] Feature(int step, int order) => [1, step, order < 2 ? 0 : step * step, order < 1 ? 7 : 3 - 2 * step];

    [TestCase(ForecastForm.Newton, 0)]
    [TestCase(ForecastForm.Newton, 1)]
    [TestCase(ForecastForm.Newton, 2)]
    [TestCase(ForecastForm.Taylor, 1)]
    public void A_polynomial_trajectory_of_the_order_is_forecast_exactly(ForecastForm form, int order)
    {
        var (cache, history) = (new FeatureCache(3, order, form), new FeatureHistory(order, form));
        var forecast = new float[4];
        for (var step = 0; step < 30; step++)
        {
            float[] feature = order == 0 ? [1, 2, 3, 4] : Feature(step, order);
            if (cache.Computes(step))
            {
                history.Add(step, feature);
                continue;
            }

            history.Forecast(step, forecast);
            // Three features decide a parabola, and the third comes at step 4.
            if (step > 4)
                Assert.That(forecast, Is.EqualTo(feature), $"step {step}");
        }
    }

    [Test]
    public void The_published_series_misses_a_parabola_by_the_interval_times_the_distance()
    {
        // Backward differences of t^2 at 1, 4, 7: F' = 11, F'' = 2. 49 + 11 k + k^2 is short of (7 + k)^2 by 3 k.
        var history = new FeatureHistory(2, ForecastForm.Taylor);
        foreach (var step in new[] { 1, 4, 7 })
            history.Add(step, [step * step]);
        var forecast = new float[1];
        history.Forecast(9, forecast);
        Assert.That(forecast[0], Is.EqualTo(81 - 3 * 2));
    }

    [Test]
    public void Computed_are_the_first_two_steps_and_then_every_third()
    {
        var cache = new FeatureCache(FeatureCache.PaperInterval, FeatureCache.PaperOrder, ForecastForm.Taylor);
        Assert.That(Enumerable.Range(0, 50).Where(cache.Computes), Is.EqualTo(new[] { 0, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49 }));
        // Every step that saves a checkpoint at interval 9 is a computed one.
        Assert.That(Enumerable.Range(0, 50).Where(step => step == 0 || step % 9 == 1).All(cache.Computes), Is.True);
        Assert.That(Enumerable.Range(0, 50).All(new FeatureCache(1, 0, ForecastForm.Taylor).Computes), Is.True);
        Assert.That(cache.StepsOf(new LayerKey(0, GemmRole.FeedForward1), 50), Is.EqualTo(18));
        Assert.That(cache.StepsOf(new LayerKey(0, GemmRole.Modulation), 50), Is.EqualTo(50));
    }

    [Test]
    public void Order_0_at_interval_1_is_the_plain_run_bit_for_bit()
    {
        var plain = Drawn(null, steps: 6, out _);
        Assert.That(Drawn(new FeatureCache(1, 0, ForecastForm.Taylor), 6, out _), Is.EqualTo(plain));
        Assert.That(Drawn(new FeatureCache(3, 2, ForecastForm.Taylor), 6, out _), Is.Not.EqualTo(plain));
    }

    [TestCase(ForecastForm.Taylor)]
    [TestCase(ForecastForm.Newton)]
    public void A_forecast_run_stays_near_the_plain_one(ForecastForm form)
    {
        var plain = Drawn(null, steps: 18, out _);
        var (forecast, reused) = (Drawn(new FeatureCache(3, 2, form), 18, out _), Drawn(new FeatureCache(3, 0, form), 18, out _));
        double near = RelativeError.Largest(forecast, plain), far = RelativeError.Largest(reused, plain);
        TestContext.Out.WriteLine($"{form}: {near:F4} of the largest latent at order 2, {far:F4} at order 0");
        Assert.That(near, Is.LessThan(0.2).And.LessThan(far));
    }

    [Test]
    public void Only_what_is_computed_meets_faults_and_costs()
    {
        var cache = new FeatureCache(3, 2, ForecastForm.Taylor);
        const int steps = 8;
        Drawn(cache, steps, out var cached);
        Drawn(null, steps, out var plain);
        int[] computed = [0, 1, 4, 7];
        Assert.That(cached.Sites.Select(site => site.Step).Distinct(), Is.EqualTo(computed));
        Assert.That(cached.Sites, Is.EqualTo(plain.Sites.Where(site => computed.Contains(site.Step))));
        Assert.That(cached.Ledger.FaultsInjected, Is.LessThan(plain.Ledger.FaultsInjected).And.Positive);
        // Half the steps compute; embeddings and modulation stay, and features travel.
        Assert.That(cached.Ledger.Cost.ComputeEnergy.Value / plain.Ledger.Cost.ComputeEnergy.Value, Is.InRange(0.5, 0.52));
        Assert.That(cached.Moved, Is.EqualTo(Traffic(cache, steps)));
    }

    [Test]
    public void A_history_refuses_what_does_not_follow()
    {
        var history = new FeatureHistory(1, ForecastForm.Taylor);
        Assert.Throws<InvalidOperationException>(() => history.Forecast(1, new float[2]));
        history.Add(4, [1, 2]);
        Assert.Throws<ArgumentException>(() => history.Add(4, [1, 2]));
        Assert.Throws<ArgumentException>(() => history.Add(5, [1]));
    }

    /// <summary>Two branches in each of 12 blocks, two samples of 64 tokens by 128 values, 16 bits each: differences that are read, then those that are written.</summary>
    private static long Traffic(FeatureCache cache, int steps)
    {
        long tensors = 0;
        var held = 0;
        for (var step = 0; step < steps; step++)
        {
            if (cache.Computes(step))
            {
                tensors += Math.Min(held, cache.Order);
                held = Math.Min(held + 1, cache.Order + 1);
            }

            tensors += held;
        }

        return tensors * 2 * 12 * 2 * 64 * 128 * 2;
    }

    private static float[] Drawn(FeatureCache? cache, int steps, out Seen seen)
    {
        var pipeline = DiffusionPipeline.Load(DataFolder.Path("models", "dit-fashion"));
        var request = new PictureRequest(5, 3);
        var record = new Seen(new PictureRun(request));
        using var backend = Backends.Open(Backends.Default);
        using var layers = new QuantisedLayers(backend);
        var platform = new Platform(new ErrorModel(new FixedRate(1e-4)), new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));
        var strategy = Workbench.Of(() => new UniformPolicy(OperatingPoint.Nominal with { Voltage = new Volts(0.7) }), OutputForm.Saturating, Protection.Rollback(interval: 9));
        var guarded = new GuardedGemm(platform, strategy, layers, [record.Run]) { Watch = product => record.Sites.Add(product.Site) };
        using IDisposable unit = cache is null ? guarded : new ForecastUnit(guarded, cache, bytes => record.Moved += bytes);
        var (settings, workspace) = (new SamplingSettings(steps, 2), new Workspace());
        var latents = pipeline.Noise(request);
        latents = latents.Reshape([1, .. latents.Shape]);
        pipeline.Denoise(latents, pipeline.Conditioner.Condition([request], settings, new FloatUnit(), workspace), settings, (IGemmUnit)unit, workspace);
        seen = record;
        return latents.Span.ToArray();
    }

    private sealed record Seen(PictureRun Run)
    {
        public List<GemmSite> Sites { get; } = [];

        public long Moved { get; set; }

        public RunLedger Ledger => Run.Ledger;
    }
}
