using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The linear multistep solver that Stable Diffusion 1.5 ships, against DDIM, which diffusers' own numbers hold, and against what Adams-Bashforth formulas are defined by.</summary>
public sealed class PndmTests
{
    private const string Shipped = """ "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": false, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1 """;

    private const string Whole = """ "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1 """;

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [Test]
    public void The_second_timestep_comes_twice()
    {
        var timesteps = Load("PNDMScheduler", Shipped).Begin(50).Timesteps;
        Assert.That(timesteps, Has.Count.EqualTo(51));
        Assert.That(timesteps.Take(4), Is.EqualTo([981, 961, 961, 941]));
        Assert.That(timesteps.TakeLast(2), Is.EqualTo([21, 1]));
        Assert.That(Load("PNDMScheduler", Shipped).Begin(1).Timesteps, Is.EqualTo([1]));
    }

    /// <summary>Where the prediction never changes, every mean of predictions is that prediction, and what remains is the transfer.</summary>
    [TestCase("leading")]
    [TestCase("trailing")]
    public void Under_a_constant_prediction_it_is_DDIM(string spacing)
    {
        var settings = $"{Shipped}, \"timestep_spacing\": \"{spacing}\"";
        ISamplerRun pndm = Load("PNDMScheduler", settings).Begin(20), ddim = Load("DDIMScheduler", settings).Begin(20);
        float[] noise = [0.7f, -1.1f, 0.2f], a = [0.3f, 2, -1], b = [.. a];
        for (var i = 0; i <= 20; i++)
        {
            pndm.Step(i, noise, a);
            if (i != 1)
                ddim.Step(Math.Max(0, i - 1), noise, b);
            Assert.That(RelativeError.Largest(a, b), Is.LessThan(1e-5), $"step {i}");
        }
    }

    /// <summary>
    /// The formula of order n is the mean, over the step to come, of the polynomial through the last n predictions: exact where they are one of degree n - 1. A sample of zeros shows
    /// the prediction that was put together, times a factor that DDIM has too.
    /// </summary>
    [TestCase(2, 1)]
    [TestCase(3, 2)]
    [TestCase(4, 3)]
    [TestCase(9, 3)]
    public void Predictions_that_are_polynomials_are_carried_on_exactly(int at, int degree)
    {
        ISamplerRun pndm = Load("PNDMScheduler", Shipped).Begin(20), ddim = Load("DDIMScheduler", Shipped).Begin(20);
        float[] sample = [0], unit = [0];
        for (var i = 0; i <= at; i++)
        {
            // Steps of equal length: the place of the second one comes twice.
            sample = [0];
            pndm.Step(i, [Prediction(i == 0 ? 0 : i - 1 + (i == 1 ? 1 : 0))], sample);
        }

        ddim.Step(at - 1, [1], unit);
        var mean = (Math.Pow(at, degree + 1) - Math.Pow(at - 1, degree + 1)) / (degree + 1);
        Assert.That(sample[0] / unit[0], Is.EqualTo(mean).Within(0.01).Percent);

        float Prediction(int place) => (float)Math.Pow(place, degree);
    }

    [Test]
    public void The_second_attempt_starts_again_with_the_mean_of_both_ends()
    {
        ISamplerRun pndm = Load("PNDMScheduler", Shipped).Begin(20), ddim = Load("DDIMScheduler", Shipped).Begin(20);
        float[] a = [1.5f], b = [1.5f];
        pndm.Step(0, [0.25f], a);
        pndm.Step(1, [0.75f], a);
        ddim.Step(0, [0.5f], b);
        Assert.That(a[0], Is.EqualTo(b[0]).Within(1e-5));
    }

    [Test]
    public void A_run_goes_on_where_another_stood_and_refuses_a_step_out_of_order([Values(1, 2, 3, 4, 9, 11, 12, 13, 17)] int from, [Values(Shipped, Whole)] string settings)
    {
        var sampler = Load("PNDMScheduler", settings);
        ISamplerRun whole = sampler.Begin(20), rest = sampler.Begin(20);
        float[] sample = [1, -2], taken = [];
        for (var i = 0; i < whole.Timesteps.Count; i++)
        {
            if (i == from)
            {
                rest.Resume(i, whole.Memory);
                taken = [.. sample];
            }

            if (i >= from)
                rest.Step(i, [0.1f * i, -taken[1]], taken);
            whole.Step(i, [0.1f * i, -sample[1]], sample);
        }

        Assert.That(taken, Is.EqualTo(sample));
        Assert.That(() => sampler.Begin(20).Step(1, [0], [1]), Throws.InvalidOperationException.With.Message.Contains("step 1"));
    }

    /// <summary>A step of Runge and Kutta asks at its start, twice in its middle and at its end, which is where the next one begins.</summary>
    [Test]
    public void The_first_three_steps_are_Runge_and_Kuttas_unless_they_are_skipped()
    {
        var run = Load("PNDMScheduler", Whole).Begin(6);
        Assert.That(run.Timesteps, Is.EqualTo([831, 748, 748, 665, 665, 582, 582, 499, 499, 416, 416, 333, 333, 167, 1]));
        Assert.That(() => Load("PNDMScheduler", Whole).Begin(3), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Ends of a Python program after diffusers' formulas, which gives all of DDIM's reference cases; 135 configurations drawn at random were compared with it.</summary>
    [TestCase("epsilon", 1.819378f, -3.49095f)]
    [TestCase("v_prediction", 0.4032527f, -0.3169962f)]
    public void Runge_and_Kuttas_steps_lead_where_diffusers_goes(string predicts, params float[] expected)
    {
        var run = Load("PNDMScheduler", $"{Whole}, \"prediction_type\": \"{predicts}\"").Begin(6);
        float[] sample = [0.7f, -1.3f];
        for (var i = 0; i < run.Timesteps.Count; i++)
            run.Step(i, [.. sample.Select(x => 0.5f * MathF.Sin(3 * x + (float)run.Timesteps[i] / 200) + 0.3f * x)], sample);
        Assert.That(RelativeError.Largest(sample, expected), Is.LessThan(2e-6));
    }

    [Test]
    public void Under_a_constant_prediction_Runge_and_Kuttas_steps_are_DDIMs()
    {
        ISamplerRun pndm = Load("PNDMScheduler", Whole).Begin(20), ddim = Load("DDIMScheduler", Shipped).Begin(20);
        float[] noise = [0.7f, -1.1f, 0.2f], a = [0.3f, 2, -1], b = [.. a];
        for (var i = 0; i < pndm.Timesteps.Count; i++)
        {
            pndm.Step(i, noise, a);
            if (i < 12 && i % 4 != 3)
                continue;
            ddim.Step(i < 12 ? i / 4 : i - 9, noise, b);
            Assert.That(RelativeError.Largest(a, b), Is.LessThan(1e-5), $"step {i}");
        }
    }

    private ISampler Load(string scheduler, string settings)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.json");
        File.WriteAllText(path, $$"""{"_class_name": "{{scheduler}}", {{settings}}}""");
        return SamplerCatalog.Load(path);
    }
}
