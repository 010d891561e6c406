using Drift.Bench;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The solvers beside DDIM: against diffusers' own numbers, against theory, and against each other where they are the same method.</summary>
public sealed class SamplerTests
{
    private const string Dpm = "DPMSolverMultistepScheduler", Euler = "EulerDiscreteScheduler", Flow = "FlowMatchEulerDiscreteScheduler";
    private const string Scaled = """ "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012 """;

    /// <summary>Spread of the Gaussian that the exactly solvable problem draws its clean samples from.</summary>
    private const double Spread = 0.5;

    private string _folder = "";

    public static IEnumerable<string> Cases => Directory.GetDirectories(DataFolder.Path("fixtures", "schedulers")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCaseSource(nameof(Cases))]
    public void The_whole_trajectory_is_that_of_diffusers(string name)
    {
        using var backend = Backends.Open("reference");
        var setting = new VerificationSetting(backend, CancellationToken.None);
        var outputs = CaseWalk.Find(DataFolder.Path("fixtures", "schedulers", name)).Single().Run(setting).ToList();
        Assert.That(outputs, Has.Count.GreaterThanOrEqualTo(3).And.All.Property(nameof(OutputCheck.Ok)).True, string.Join('\n', outputs));
    }

    [Test]
    public void First_order_DPM_Solver_and_Euler_are_DDIM_in_other_coordinates()
    {
        var ddim = Begin("DDIMScheduler", $""" {Scaled}, "clip_sample": false, "timestep_spacing": "trailing" """, 25);
        var dpm = Begin(Dpm, $""" {Scaled}, "solver_order": 1, "timestep_spacing": "trailing" """, 25);
        var euler = Begin(Euler, $""" {Scaled}, "timestep_spacing": "trailing" """, 25);
        Assert.That(dpm.Timesteps, Is.EqualTo(ddim.Timesteps));
        Assert.That(euler.Timesteps, Is.EqualTo(ddim.Timesteps));
        float[] a = [0.7f, -1.3f, 0.2f], b = [.. a], c = [.. a.Select(value => value * euler.InputDivisor(0))];
        for (var i = 0; i < 25; i++)
        {
            ddim.Step(i, [.. a.Select(x => MathF.Sin(3 * x))], a);
            dpm.Step(i, [.. b.Select(x => MathF.Sin(3 * x))], b);
            euler.Step(i, [.. c.Select(x => MathF.Sin(3 * x / euler.InputDivisor(i)))], c);
        }

        Assert.That(RelativeError.Largest(b, a), Is.LessThan(1e-5));
        Assert.That(RelativeError.Largest(c, a), Is.LessThan(1e-5));
    }

    [TestCase(1, "midpoint", "epsilon")]
    [TestCase(2, "midpoint", "epsilon")]
    [TestCase(2, "heun", "v_prediction")]
    [TestCase(3, "midpoint", "sample")]
    [TestCase(1, "midpoint", "epsilon", "dpmsolver")]
    [TestCase(2, "midpoint", "sample", "dpmsolver")]
    [TestCase(2, "heun", "v_prediction", "dpmsolver")]
    public void Errors_shrink_with_the_order(int order, string rule, string predicts, string algorithm = "dpmsolver++")
    {
        var settings = $""" {Scaled}, "algorithm_type": "{algorithm}", "solver_order": {order}, "solver_type": "{rule}", "prediction_type": "{predicts}", "use_karras_sigmas": true, "final_sigmas_type": "sigma_min" """;
        double few = Error(Begin(Dpm, settings, 16), predicts), many = Error(Begin(Dpm, settings, 64), predicts);
        TestContext.Out.WriteLine($"order {order} {rule} {predicts}: {few:E2} at 16 steps, {many:E2} at 64");
        // Four times the steps divide the error by 4^order. The first step has no history: its own error, of second order, bounds what a third-order run gains.
        Assert.That(few / many, Is.GreaterThan(0.6 * Math.Pow(4, Math.Min(order, 2))));
        Assert.That(few, Is.LessThan(order switch { 1 => 0.2, 2 => 0.05, _ => 0.005 }));
    }

    [Test]
    public void A_multistep_run_refuses_a_step_out_of_order_and_runs_do_not_share_their_past()
    {
        var sampler = Load(Dpm, Scaled);
        ISamplerRun first = sampler.Begin(8), second = sampler.Begin(8);
        float[] a = [1, -2], b = [1, -2], other = [5, 5];
        Assert.That(() => first.Step(1, a, a), Throws.InvalidOperationException.With.Message.Contains("step 1"));
        for (var i = 0; i < 4; i++)
        {
            first.Step(i, [0.5f, -0.5f], a);
            second.Step(i, [3, 3], other);
        }

        var alone = sampler.Begin(8);
        for (var i = 0; i < 4; i++)
            alone.Step(i, [0.5f, -0.5f], b);
        Assert.That(a, Is.EqualTo(b));
        Assert.That(() => first.Step(3, [0, 0], a), Throws.InvalidOperationException);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void A_multistep_run_goes_on_where_another_stood(int order)
    {
        var sampler = Load(Dpm, $"{Scaled}, \"solver_order\": {order}");
        var whole = sampler.Begin(20);
        float[] sample = [1, -2], taken = [];
        for (var i = 0; i < 20; i++)
        {
            if (i is 1 or 7)
            {
                var (rest, start) = (sampler.Begin(20), i);
                rest.Resume(start, whole.Memory);
                taken = [.. sample];
                for (var j = start; j < 20; j++)
                    rest.Step(j, [0.1f * j, -taken[1]], taken);
            }

            whole.Step(i, [0.1f * i, -sample[1]], sample);
        }

        Assert.That(taken, Is.EqualTo(sample));
    }

    [Test]
    public void A_pipeline_under_Euler_draws_what_it_draws_under_DDIM()
    {
        var model = DataFolder.Path("models", "dit-fashion");
        foreach (var part in new[] { "transformer", "vae" })
            Directory.CreateSymbolicLink(Path.Combine(_folder, part), Path.Combine(model, part));
        File.Copy(Path.Combine(model, "model_index.json"), Path.Combine(_folder, "model_index.json"));
        Directory.CreateDirectory(Path.Combine(_folder, "scheduler"));
        File.WriteAllText(Path.Combine(_folder, "scheduler", "scheduler_config.json"), $$"""{"_class_name": "{{Euler}}", "timestep_spacing": "leading"}""");
        Assert.That(RelativeError.Largest(Drawn(_folder).Span, Drawn(model).Span), Is.LessThan(1e-4));

        static Tensor Drawn(string folder)
        {
            var pipeline = DiffusionPipeline.Load(folder);
            var latents = pipeline.Noise(new PictureRequest(3, 1)).Clone();
            latents = latents.Reshape([1, .. latents.Shape]);
            pipeline.Denoise(latents, new Conditioning([1, 10]), new SamplingSettings(6, 2), new FloatUnit(), new Workspace());
            return latents;
        }
    }

    [TestCase(Dpm, "algorithm_type", "\"sde-dpmsolver++\"", "dpmsolver++, dpmsolver")]
    [TestCase(Dpm, "variance_type", "\"learned_range\"", "null")]
    [TestCase(Flow, "stochastic_sampling", "true", "false")]
    [TestCase(Flow, "use_dynamic_shifting", "true", "false")]
    public void A_setting_that_is_not_supported_is_named_with_what_is(string scheduler, string setting, string value, string supported) =>
        Assert.That(() => Load(scheduler, $"\"{setting}\": {value}"),
            Throws.InstanceOf<UnsupportedSettingException>().With.Message.Contains($": {setting} is ").And.Message.EndsWith($"supported: {supported}").Or.Message.Contains($"supported: {supported},"));

    /// <summary>diffusers takes these words for others.</summary>
    [TestCase("solver_type", "bh2")]
    [TestCase("solver_type", "logrho")]
    [TestCase("algorithm_type", "deis")]
    public void Words_of_other_solvers_mean_the_usual_one(string setting, string word)
    {
        var (usual, other) = (Begin(Dpm, "\"_\": 0", 6), Begin(Dpm, $"\"{setting}\": \"{word}\"", 6));
        float[] a = [0.5f, -1.5f], b = [0.5f, -1.5f];
        for (var i = 0; i < 6; i++)
        {
            usual.Step(i, [0.1f * i, 0.2f], a);
            other.Step(i, [0.1f * i, 0.2f], b);
        }

        Assert.That(b, Is.EqualTo(a));
    }

    /// <summary>Levels of Lu et al.: geometric from the largest to the least.</summary>
    [Test]
    public void Lu_levels_are_geometric()
    {
        var (lu, spaced) = (Begin(Dpm, "\"use_lu_lambdas\": true", 9), Begin(Dpm, "\"use_karras_sigmas\": true", 9));
        Assert.That(lu.Sigmas[0], Is.EqualTo(spaced.Sigmas[0]).Within(1e-5).Percent);
        Assert.That(lu.Sigmas[8], Is.EqualTo(spaced.Sigmas[8]).Within(1e-4).Percent);
        for (var i = 1; i < 8; i++)
            Assert.That(lu.Sigmas[i] * lu.Sigmas[i], Is.EqualTo(lu.Sigmas[i - 1] * lu.Sigmas[i + 1]).Within(1e-3).Percent);
        Assert.That(lu.Timesteps, Is.Ordered.Descending);
    }

    /// <summary>Timesteps and levels from a Python program after diffusers' set_timesteps; quantiles of the Beta distribution by Gauss's quadrature and bisection there.</summary>
    [TestCase(Dpm, "\"use_exponential_sigmas\": true", 998, 680, 233, 20, 0, 14.61465, 3.088988, 0.652896, 0.1379977, 0.02916753, 0)]
    [TestCase(Dpm, "\"use_beta_sigmas\": true", 998, 966, 874, 634, 0, 14.61465, 12.05226, 7.321907, 2.59155, 0.02916753, 0)]
    [TestCase(Dpm, "\"use_flow_sigmas\": true, \"flow_shift\": 3", 999, 922, 817, 666, 428, 0.9996665, 0.9227217, 0.8178097, 0.6662961, 0.4282652, 0)]
    [TestCase(Euler, "\"use_exponential_sigmas\": true, \"sigma_max\": 10", 933.5067, 462.4102, 41.86615, 0, 10, 1.428784, 0.2041424, 0.02916753, 0)]
    [TestCase(Euler, "\"use_beta_sigmas\": true", 999, 943.9332, 746.9447, 0, 14.61465, 10.59761, 4.046202, 0.02916753, 0)]
    [TestCase(Euler, "\"use_karras_sigmas\": true, \"timestep_type\": \"continuous\", \"prediction_type\": \"v_prediction\"", 0.6705061, 0.2883233, -0.2013434, -0.8836747, 14.61465, 3.168611, 0.4469209, 0.02916753, 0)]
    [TestCase(Euler, "\"timestep_type\": \"continuous\"", 999, 666, 333, 0, 14.61465, 2.918308, 0.9323583, 0.02916753, 0)]
    [TestCase(Flow, "\"shift\": 3, \"use_karras_sigmas\": true", 1000, 286.6939, 62.58863, 8.928572, 1, 0.2866939, 0.06258863, 0.008928572, 0)]
    [TestCase(Flow, "\"use_exponential_sigmas\": true", 1000, 100, 10, 1, 1, 0.1, 0.01, 0.001, 0)]
    [TestCase(Flow, "\"use_beta_sigmas\": true", 1000, 724.8621, 276.1379, 1, 1, 0.7248621, 0.2761379, 0.001, 0)]
    [TestCase(Flow, "\"shift\": 3, \"shift_terminal\": 0.1", 1000, 870.7692, 638.7097, 100, 1, 0.8707692, 0.6387097, 0.1, 0)]
    [TestCase(Flow, "\"invert_sigmas\": true", 0, 333, 666, 999, 0, 0.333, 0.666, 0.999, 1)]
    public void Levels_lie_where_diffusers_puts_them(string scheduler, string settings, params double[] expected)
    {
        var steps = expected.Length / 2;
        var run = Begin(scheduler, scheduler == Flow ? settings : $"{Scaled}, {settings}", steps);
        Assert.That(run.Timesteps, Is.EqualTo(expected[..steps]).Within(scheduler == Dpm ? 0 : 2e-4));
        Assert.That(run.Sigmas, Is.EqualTo(expected[steps..]).Within(1e-6).Percent.Or.EqualTo(expected[steps..]).Within(5e-6));
    }

    /// <summary>Flow matching's path is straight, x = (1 - sigma) clean + sigma noise, and its velocity noise - clean does not change along it: every order follows it exactly.</summary>
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void A_multistep_run_follows_a_straight_path(int order)
    {
        const float clean = 0.5f, noise = -1.5f;
        var run = Begin(Dpm, $"\"use_flow_sigmas\": true, \"flow_shift\": 2, \"prediction_type\": \"flow_prediction\", \"solver_order\": {order}", 7);
        float[] sample = [(1 - run.Sigmas[0]) * clean + run.Sigmas[0] * noise];
        for (var i = 0; i < 7; i++)
        {
            run.Step(i, [noise - clean], sample);
            Assert.That(sample[0], Is.EqualTo((1 - run.Sigmas[i + 1]) * clean + run.Sigmas[i + 1] * noise).Within(1e-5));
        }
    }

    /// <summary>A stretch to a last level divides by what the last level is short of 1, and a single step's is 1.</summary>
    [Test]
    public void Levels_are_numbers_in_the_shortest_runs([Values(Dpm, Euler, Flow)] string scheduler,
        [Values("", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas", "use_lu_lambdas", "invert_sigmas")] string rule, [Values(1, 2, 3)] int steps)
    {
        var run = Begin(scheduler, $"{Scaled}{(rule == "" ? "" : $", \"{rule}\": true")}", steps);
        Assert.That(run.Timesteps, Has.Count.EqualTo(steps).And.All.Matches<double>(double.IsFinite));
        Assert.That(run.Sigmas, Has.All.Matches<float>(float.IsFinite));
    }

    [TestCase(1, false)]
    [TestCase(2, true)]
    public void A_last_level_is_stretched_to_from_two_steps_on(int steps, bool runs) => Assert.That(() => Begin(Flow, "\"shift_terminal\": 0.1", steps).Sigmas,
        runs ? Is.EqualTo(new[] { 1, 0.1f, 0 }).Within(1e-6) : Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase(Dpm)]
    [TestCase(Euler)]
    [TestCase(Flow)]
    public void One_rule_places_the_levels(string scheduler) => Assert.That(() => Load(scheduler, "\"use_beta_sigmas\": true, \"use_karras_sigmas\": true"),
        Throws.InstanceOf<ModelFormatException>().With.Message.EndsWith("use_beta_sigmas is true; expected false beside use_karras_sigmas"));

    /// <summary>Timesteps from a Python program after diffusers' set_timesteps, which converts to integers without rounding under this schedule.</summary>
    [TestCase("use_lu_lambdas", 999, 998, 996, 979, 838, 269, 26, 0)]
    [TestCase("use_karras_sigmas", 998, 998, 998, 998, 994, 965, 508, 0)]
    public void Under_the_cosine_schedule_timesteps_of_levels_are_cut_off(string spacing, params double[] timesteps) =>
        Assert.That(Begin(Dpm, $"\"beta_schedule\": \"squaredcos_cap_v2\", \"{spacing}\": true", 8).Timesteps, Is.EqualTo(timesteps));

    /// <summary>Each picture by its own quantile; at a ratio of 1 that is its largest magnitude, at 0.5 of five values the third.</summary>
    [TestCase("DDIMScheduler", 1.0, 4f, 2f)]
    [TestCase("DDIMScheduler", 0.5, 2f, 1f)]
    [TestCase("DDIMScheduler", 0.625, 2.5f, 1f)]
    [TestCase(Dpm, 1.0, 4f, 2f)]
    public void Dynamic_thresholding_presses_each_picture_by_its_own_quantile(string scheduler, double ratio, float first, float second)
    {
        var settings = FormattableString.Invariant($"\"thresholding\": true, \"dynamic_thresholding_ratio\": {ratio}, \"sample_max_value\": 3, \"prediction_type\": \"sample\"");
        float[] clean = [-4, 2, 1, 3, 0, 0.5f, -2, 1, 0.25f, 0];
        float[] sample = new float[10], original = new float[10];
        Load(scheduler, settings).Begin(10, 2).Step(0, clean, sample, original);
        var (a, b) = (Math.Min(first, 3), second);
        Assert.That(original, Is.EqualTo(clean.Select((value, i) => Math.Clamp(value, i < 5 ? -a : -b, i < 5 ? a : b) / (i < 5 ? a : b))).Within(1e-6));
    }

    [Test]
    public void Trained_betas_are_taken_as_they_are()
    {
        File.WriteAllText(Path.Combine(_folder, "betas.json"), """{"_class_name": "DDIMScheduler", "num_train_timesteps": 3, "trained_betas": [0.5, 0.25, 0.2]}""");
        var schedule = ((Ddim)SamplerCatalog.Load(Path.Combine(_folder, "betas.json"))).Schedule;
        Assert.That(schedule.AlphasCumprod, Is.EqualTo(new[] { 0.5f, 0.375f, 0.3f }).Within(1e-7));
    }

    [TestCase(Dpm, "solver_order", "4", "a whole number from 1 to 3")]
    [TestCase(Dpm, "final_sigmas_type", "\"one\"", "one of zero, sigma_min")]
    [TestCase(Dpm, "timestep_spacing", "\"random\"", "one of linspace, leading, trailing")]
    [TestCase(Dpm, "lambda_min_clipped", "NaN", "a number from")]
    [TestCase(Euler, "sigma_max", "-1", "a number from")]
    [TestCase(Flow, "shift", "0", "a number from")]
    public void A_value_that_makes_no_sense_is_refused_by_name(string scheduler, string setting, string value, string expected) =>
        Assert.That(() => Load(scheduler, $"\"{setting}\": {value}"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains($"{setting} is ").And.Message.Contains(expected));

    [TestCase(Dpm, 0)]
    [TestCase(Dpm, 1001)]
    [TestCase(Euler, 1001)]
    [TestCase(Flow, 0)]
    public void A_run_has_as_many_steps_as_there_are_timesteps_at_most(string scheduler, int steps) =>
        Assert.That(() => Load(scheduler, "\"_\": 0").Begin(steps), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Lambda_below_the_bound_is_cut_off_the_schedule()
    {
        var whole = Begin(Dpm, """ "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -Infinity """, 10);
        var cut = Begin(Dpm, """ "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1 """, 10);
        Assert.That(whole.Timesteps[0], Is.EqualTo(999));
        // sigma = exp(-lambda) for the ratio of noise to signal.
        Assert.That(cut.Timesteps[0], Is.LessThan(999));
        Assert.That(cut.Sigmas[0], Is.LessThanOrEqualTo(Math.Exp(5.1)).And.GreaterThan(Math.Exp(4.9)));
    }

    /// <summary>
    /// Clean samples from N(0, Spread^2) have a probability-flow ODE with the exact solution x proportional to sqrt(alpha^2 Spread^2 + sigma^2): how far a run ends from it.
    /// </summary>
    private static double Error(ISamplerRun run, string predicts)
    {
        float[] sample = [1];
        for (var i = 0; i < run.Timesteps.Count; i++)
        {
            var (alpha, sigma, deviation) = Level(run.Sigmas[i]);
            var clean = sample[0] * alpha * Spread * Spread / (deviation * deviation);
            var noise = sample[0] * sigma / (deviation * deviation);
            run.Step(i, [(float)(predicts switch { "epsilon" => noise, "sample" => clean, _ => alpha * noise - sigma * clean })], sample);
        }

        var expected = Level(run.Sigmas[^1]).Deviation / Level(run.Sigmas[0]).Deviation;
        return Math.Abs(sample[0] - expected) / expected;

        static (double Alpha, double Sigma, double Deviation) Level(double level)
        {
            var alpha = 1 / Math.Sqrt(1 + level * level);
            return (alpha, level * alpha, Math.Sqrt(alpha * alpha * Spread * Spread + level * level * alpha * alpha));
        }
    }

    private ISamplerRun Begin(string scheduler, string settings, int steps) => Load(scheduler, settings).Begin(steps);

    private ISampler Load(string scheduler, string settings)
    {
        var path = Path.Combine(_folder, "scheduler_config.json");
        File.WriteAllText(path, $$"""{"_class_name": "{{scheduler}}", {{settings}}}""");
        return SamplerCatalog.Load(path);
    }
}
