using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

public class DdimTests
{
    private static IEnumerable<string> Cases =>
        Directory.GetDirectories(DataFolder.Path("fixtures", "schedulers"), "ddim-*").Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Cases))]
    public void Every_step_is_that_of_diffusers(string name)
    {
        var folder = DataFolder.Path("fixtures", "schedulers", name);
        using var io = SafetensorsFile.Open(Path.Combine(folder, "io.safetensors"));
        var ddim = (Ddim)SamplerCatalog.Load(Path.Combine(folder, "scheduler_config.json"));
        var timesteps = io.ReadInt64("out.timesteps");
        var run = ddim.Begin(timesteps.Length);
        Assert.That(run.Timesteps, Is.EqualTo(timesteps.Select(t => (double)t)));

        var sample = io.ReadFloat("in.sample");
        var samples = new List<float>(sample);
        var originals = new List<float>();
        var prediction = new float[sample.Length];
        var original = new float[sample.Length];
        for (var step = 0; step < timesteps.Length; step++)
        {
            var shift = (float)timesteps[step] / 200;
            for (var i = 0; i < sample.Length; i++)
                prediction[i] = 0.5f * MathF.Sin(3 * sample[i] + shift) + 0.3f * sample[i];
            run.Step(step, prediction, sample, original);
            samples.AddRange(sample);
            originals.AddRange(original);
        }

        var alphas = RelativeError.Largest([.. ddim.Schedule.AlphasCumprod], io.ReadFloat("mid.alphas_cumprod"));
        var path = RelativeError.Largest([.. samples], io.ReadFloat("out.samples"));
        var clean = RelativeError.Largest([.. originals], io.ReadFloat("out.pred_original"));
        TestContext.Out.WriteLine($"{name}: alphas {alphas:E2}, samples {path:E2}, pred_original {clean:E2}");
        Assert.Multiple(() =>
        {
            Assert.That(alphas, name.Contains("zero-snr") ? Is.LessThan(1e-6) : Is.Zero);
            Assert.That(path, Is.LessThanOrEqualTo(1e-5));
            Assert.That(clean, Is.LessThanOrEqualTo(name == "ddim-clip-20" ? 1e-4 : 1e-5));
        });
    }

    [Test]
    public void A_run_cannot_have_more_steps_than_were_trained()
    {
        var ddim = (Ddim)SamplerCatalog.Load(DataFolder.Path("fixtures", "schedulers", "ddim-scaled-offset-20", "scheduler_config.json"));
        Assert.Multiple(() =>
        {
            Assert.That(() => ddim.Begin(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => ddim.Begin(1001), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => ddim.Begin(1000), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("offset"));
        });
    }

    /// <summary>numpy adds up an inexact increment: at 48 steps the fourth entry falls to the other side of its half, and at 61 there is one entry more.</summary>
    [TestCase(10, 10, 3, 699)]
    [TestCase(48, 48, 3, 936)]
    [TestCase(61, 62, 61, -1)]
    public void Trailing_timesteps_are_those_of_numpys_arithmetic(int steps, int entries, int index, int timestep)
    {
        var timesteps = SamplerCatalog.Load(DataFolder.Path("fixtures", "schedulers", "ddim-v-trailing-zero-snr-10", "scheduler_config.json")).Begin(steps).Timesteps;
        Assert.That((timesteps.Count, timesteps[index]), Is.EqualTo((entries, (double)timestep)));
    }

    [Test]
    public void The_catalog_loads_by_class_name_and_names_what_it_knows()
    {
        Assert.Multiple(() =>
        {
            Assert.That(SamplerCatalog.Load(DataFolder.Path("fixtures", "schedulers", "ddim-linear-50", "scheduler_config.json")), Is.InstanceOf<Ddim>());
            Assert.That(() => SamplerCatalog.Load(DataFolder.Path("fixtures", "networks", "vae", "config.json")),
                Throws.InstanceOf<ModelFormatException>().With.Message.Contains("AutoencoderKL").And.Message.Contains("DDIMScheduler"));
        });
    }
}
