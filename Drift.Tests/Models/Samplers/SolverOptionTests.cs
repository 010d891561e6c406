using Drift.Bench;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// Options that no reference case holds. Numbers are those of a Python program after diffusers' formulas, which gives the reference cases' own; 1500 configurations drawn at random agreed with it too.
/// </summary>
public sealed class SolverOptionTests
{
    private const string Ddim = "DDIMScheduler", Dpm = "DPMSolverMultistepScheduler", Euler = "EulerDiscreteScheduler", Pndm = "PNDMScheduler";
    private const string Scaled = """ "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012 """;
    private const string OfNoise = $""" {Scaled}, "algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min" """;

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCase("\"solver_order\": 1", 1.765537f, -10.1825f)]
    [TestCase("\"solver_order\": 2", 1.762601f, -9.617352f)]
    [TestCase("\"solver_order\": 2, \"solver_type\": \"heun\"", 1.762905f, -9.650295f)]
    [TestCase("\"solver_order\": 3", 1.760417f, -9.601928f)]
    [TestCase("\"solver_order\": 2, \"prediction_type\": \"v_prediction\"", 0.6482103f, -0.34187f)]
    [TestCase("\"solver_order\": 3, \"prediction_type\": \"sample\"", 0.5129902f, -0.6370157f)]
    [TestCase("\"solver_order\": 2, \"solver_type\": \"heun\", \"lower_order_final\": false", 1.889515f, -9.446824f)]
    [TestCase("\"solver_order\": 2, \"thresholding\": true", 1.018036f, -1.03557f)]
    [TestCase("\"solver_order\": 3, \"use_karras_sigmas\": true", 1.952767f, -10.48423f)]
    public void The_noise_form_ends_where_diffusers_ends(string settings, params float[] expected)
    {
        var run = Begin(Dpm, $"{OfNoise}, {settings}", 6);
        float[] sample = [0.7f, -1.3f];
        for (var i = 0; i < 6; i++)
            run.Step(i, [.. sample.Select(x => 0.5f * MathF.Sin(3 * x + (float)run.Timesteps[i] / 200) + 0.3f * x)], sample);
        Assert.That(RelativeError.Largest(sample, expected), Is.LessThan(1e-6));
    }

    /// <summary>x / alpha moves by the integral of the noise over sigma / alpha = exp(-lambda): a noise that is constant or linear in lambda is taken exactly. (Third order counts half of a second derivative, in diffusers too.)</summary>
    [TestCase(1, "midpoint", 0)]
    [TestCase(2, "heun", 1)]
    [TestCase(3, "midpoint", 1)]
    public void Noise_that_is_linear_in_lambda_is_integrated_exactly(int order, string rule, int degree)
    {
        var run = Begin(Dpm, $"""{OfNoise}, "solver_order": {order}, "solver_type": "{rule}", "lower_order_final": false""", 20);
        for (var (i, sample) = (0, new float[1]); i < 19; i++)
        {
            sample[0] = 0;
            run.Step(i, [degree == 0 ? 1 : (float)Lambda(i)], sample);
            if (i >= order - 1)
                Assert.That(sample[0] / Alpha(i + 1), Is.EqualTo(Primitive(i + 1) - Primitive(i)).Within(0.05).Percent, $"step {i}");
        }

        double Lambda(int index) => -Math.Log(run.Sigmas[index]);
        double Alpha(int index) => 1 / Math.Sqrt(1 + (double)run.Sigmas[index] * run.Sigmas[index]);
        // d(sigma / alpha) = -exp(-lambda) dlambda.
        double Primitive(int index) => Math.Exp(-Lambda(index)) * (degree == 0 ? 1 : Lambda(index) + 1);
    }

    [Test]
    public void The_noise_form_hands_out_clean_samples_and_goes_on_where_it_stood([Values(1, 2, 3)] int order, [Values("epsilon", "v_prediction", "sample")] string predicts)
    {
        var settings = $"""{OfNoise}, "solver_order": {order}, "prediction_type": "{predicts}" """;
        ISamplerRun whole = Begin(Dpm, settings, 20), rest = Begin(Dpm, settings, 20);
        float[] sample = [1, -2], original = [0, 0], taken = [];
        for (var i = 0; i < 20; i++)
        {
            if (i == 5)
            {
                rest.Resume(i, whole.Memory);
                taken = [.. sample];
            }

            var (level, before, prediction) = (whole.Sigmas[i], sample[0], 0.1f * i);
            var alpha = 1 / MathF.Sqrt(level * level + 1);
            whole.Step(i, [prediction, -sample[1]], sample, original);
            Assert.That(original[0], Is.EqualTo(predicts switch
            {
                "epsilon" => (before - level * alpha * prediction) / alpha,
                "sample" => prediction,
                _ => alpha * before - level * alpha * prediction,
            }).Within(1e-4 * (1 + level)));
            if (i >= 5)
                rest.Step(i, [prediction, -taken[1]], taken);
        }

        Assert.That(taken, Is.EqualTo(sample));
    }

    [TestCase("\"final_sigmas_type\": \"zero\"", "final_sigmas_type is 'zero'; expected sigma_min beside algorithm_type dpmsolver")]
    [TestCase("\"final_sigmas_type\": \"sigma_min\", \"prediction_type\": \"flow_prediction\"", "prediction_type is 'flow_prediction'; expected one of epsilon, v_prediction, sample")]
    public void What_the_noise_form_cannot_do_is_said(string settings, string said) =>
        Assert.That(() => Load(Dpm, $"\"algorithm_type\": \"dpmsolver\", {settings}"), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(said));

    /// <summary>One level more than steps, with the timesteps of the spacing: a run ends at the least level, and under continuous timesteps takes a step more.</summary>
    [TestCase("", 4, 999, 666, 333, 0, 14.61465, 3.088988, 0.6528961, 0.1379977, 0.02916754, 0)]
    [TestCase(", \"timestep_spacing\": \"trailing\"", 4, 999, 749, 499, 249, 14.61465, 3.088988, 0.6528961, 0.1379977, 0.02916754, 0)]
    [TestCase(", \"final_sigmas_type\": \"sigma_min\"", 4, 999, 666, 333, 0, 14.61465, 3.088988, 0.6528961, 0.1379977, 0.02916754, 0.02916753)]
    [TestCase(", \"use_karras_sigmas\": true, \"sigma_min\": 0.05", 4, 999, 710.9107, 200.5462, 1.933846, 14.61465, 3.484195, 0.5729675, 0.05, 0)]
    [TestCase(", \"timestep_type\": \"continuous\", \"prediction_type\": \"v_prediction\"", 5, 0.6705061, 0.2819608, -0.1065843, -0.4951295, -0.8836747, 14.61465, 3.088988, 0.6528961, 0.1379977, 0.02916754, 0)]
    public void Log_linear_levels_are_those_of_diffusers(string settings, int timesteps, params double[] expected)
    {
        var run = Begin(Euler, $"{Scaled}, \"interpolation_type\": \"log_linear\"{settings}", 4);
        Assert.That(run.Timesteps, Is.EqualTo(expected[..timesteps]).Within(2e-4));
        Assert.That(run.Sigmas, Is.EqualTo(expected[timesteps..]).Within(2e-6).Percent.Or.EqualTo(expected[timesteps..]).Within(5e-6));
        Assert.That(run.InitialSigma, Is.EqualTo(14.61465).Within(1e-5));
    }

    /// <summary>diffusers goes through its rules in this order and refuses only some of them together.</summary>
    [TestCase("use_exponential_sigmas", 999, 681, 233, 20, 0)]
    [TestCase("use_beta_sigmas", 999, 681, 233, 20, 0)]
    [TestCase("use_flow_sigmas", 999, 681, 233, 20, 0)]
    public void Lu_levels_go_before_later_rules(string other, params double[] timesteps) =>
        Assert.That(Begin(Dpm, $"{Scaled}, \"use_lu_lambdas\": true, \"{other}\": true", 5).Timesteps, Is.EqualTo(timesteps));

    [Test]
    public void Karras_levels_go_before_Lus() =>
        Assert.That(Begin(Dpm, $"{Scaled}, \"use_lu_lambdas\": true, \"use_karras_sigmas\": true", 5).Sigmas, Is.EqualTo(Begin(Dpm, $"{Scaled}, \"use_karras_sigmas\": true", 5).Sigmas));

    /// <summary>The level that stands for infinity under a zero terminal SNR lies below some before it, and is still the last timestep's.</summary>
    [Test]
    public void The_level_of_a_zero_terminal_SNR_is_the_last_timesteps() =>
        Assert.That(Begin(Dpm, "\"rescale_betas_zero_snr\": true, \"use_lu_lambdas\": true", 5).Timesteps, Is.EqualTo(new[] { 999, 930, 600, 73, 0 }));

    /// <summary>Lu's last level is the least but for rounding, and a run that ends at the least takes a step of length 0 there.</summary>
    [Test]
    public void A_step_of_no_length_leaves_numbers([Values("dpmsolver", "dpmsolver++")] string algorithm, [Values(2, 3)] int order, [Values("use_lu_lambdas", "use_karras_sigmas", "use_exponential_sigmas")] string rule,
        [Values("scaled_linear", "squaredcos_cap_v2")] string betas, [Values(16, 20)] int steps)
    {
        var run = Begin(Dpm, $""" "beta_schedule": "{betas}", "algorithm_type": "{algorithm}", "solver_order": {order}, "solver_type": "heun", "final_sigmas_type": "sigma_min", "{rule}": true """, steps);
        float[] sample = [1];
        for (var i = 0; i < steps; i++)
            run.Step(i, [0.3f * sample[0]], sample);
        Assert.That(float.IsFinite(sample[0]));
    }

    /// <summary>A shift that no pipeline asks for: diffusers' multistep solver goes on without, and its flow matching has nothing to go on with.</summary>
    [Test]
    public void Dynamic_shifting_without_a_shift_is_none() =>
        Assert.That(Begin(Dpm, "\"use_flow_sigmas\": true, \"flow_shift\": 3, \"use_dynamic_shifting\": true", 6).Sigmas, Is.EqualTo(Begin(Dpm, "\"use_flow_sigmas\": true, \"flow_shift\": 3", 6).Sigmas));

    [TestCase("trailing", "epsilon", false)]
    [TestCase("linspace", "epsilon", false)]
    [TestCase("leading", "epsilon", true)]
    [TestCase("trailing", "v_prediction", true)]
    [TestCase("trailing", "sample", true)]
    public void Noise_alone_says_nothing_where_nothing_is_left_of_the_picture(string spacing, string predicts, bool runs)
    {
        var sampler = Load(Ddim, $"{Scaled}, \"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"{spacing}\", \"prediction_type\": \"{predicts}\"");
        Assert.That(() => sampler.Begin(10), runs ? Throws.Nothing : Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("at timestep 999 nothing is left of the picture"));
    }

    /// <summary>diffusers' PNDM has no such setting and leaves it aside.</summary>
    [Test]
    public void PNDM_rescales_no_betas()
    {
        float[] plain = [1], told = [1];
        Begin(Pndm, $"{Scaled}, \"skip_prk_steps\": true", 4).Step(0, [0.5f], plain);
        Begin(Pndm, $"{Scaled}, \"skip_prk_steps\": true, \"rescale_betas_zero_snr\": true", 4).Step(0, [0.5f], told);
        Assert.That(told, Is.EqualTo(plain));
    }

    [TestCase(Ddim, true)]
    [TestCase(Euler, false)]
    [TestCase(Dpm, false)]
    public void Levels_that_are_divided_by_are_not_0(string scheduler, bool loads) => Assert.That(() => Load(scheduler, "\"beta_start\": 0"),
        loads ? Throws.Nothing : Throws.InstanceOf<ModelFormatException>().With.Message.Contains("beta_start and beta_end is of noise levels from 0 to"));

    /// <summary>numpy's trailing spacing of 61 steps has an entry more, PNDM makes one step twice, and what diffusers' multistep solver keeps for a clean sample is in the noise's form the noise.</summary>
    [TestCase(Pndm, "\"skip_prk_steps\": true, \"timestep_spacing\": \"trailing\"", 61, 63, false, true)]
    [TestCase(Dpm, "\"algorithm_type\": \"dpmsolver\", \"final_sigmas_type\": \"sigma_min\"", 10, 10, false, true)]
    [TestCase(Dpm, "\"algorithm_type\": \"dpmsolver\", \"final_sigmas_type\": \"sigma_min\"", 10, 10, true, true)]
    [TestCase(Dpm, "\"algorithm_type\": \"dpmsolver++\", \"final_sigmas_type\": \"sigma_min\"", 10, 10, true, false)]
    public void A_reference_case_is_sampled_as_it_was_made(string scheduler, string settings, int steps, int timesteps, bool keepsNoise, bool passes)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"case-{steps}")).FullName;
        var run = Begin(scheduler, $"{Scaled}, {settings}", steps);
        File.Move(Path.Combine(_folder, "scheduler_config.json"), Path.Combine(folder, "scheduler_config.json"));
        Assert.That(run.Timesteps, Has.Count.EqualTo(timesteps));
        float[] sample = [0.7f, -1.3f], original = [0, 0];
        List<float> samples = [.. sample], originals = [];
        for (var i = 0; i < timesteps; i++)
        {
            var t = (float)run.Timesteps[i] / 200f;
            float[] noise = [.. sample.Select(x => 0.5f * MathF.Sin(3f * x + t) + 0.3f * x)];
            run.Step(i, noise, sample, original);
            samples.AddRange(sample);
            originals.AddRange(keepsNoise ? noise : original);
        }

        TensorFile.WriteAll(Path.Combine(folder, "io.safetensors"), new Dictionary<string, Tensor>
        {
            ["in.sample"] = new(samples.ToArray()[..2], 1, 2),
            ["out.timesteps"] = new([.. run.Timesteps.Select(timestep => (float)timestep)], timesteps),
            ["out.samples"] = new([.. samples], timesteps + 1, 2),
            ["out.pred_original"] = new([.. originals], timesteps, 2),
        });
        using var backend = Backends.Open("reference");
        var outputs = CaseWalk.Find(folder).Single().Run(new VerificationSetting(backend, CancellationToken.None)).ToList();
        Assert.That(outputs.All(output => output.Ok), Is.EqualTo(passes), string.Join('\n', outputs));
    }

    private ISamplerRun Begin(string scheduler, string settings, int steps) => Load(scheduler, settings).Begin(steps);

    private ISampler Load(string scheduler, string settings)
    {
        var path = Path.Combine(_folder, "scheduler_config.json");
        File.WriteAllText(path, $$"""{"_class_name": "{{scheduler}}", {{settings}}}""");
        return SamplerCatalog.Load(path);
    }
}
