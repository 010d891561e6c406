using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Samplers: <c>scheduler_config.json</c> and <c>io.safetensors</c>, with a pure function in the network's place.</summary>
internal sealed class SchedulerCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        string config = Path.Combine(folder, "scheduler_config.json"), io = Path.Combine(folder, "io.safetensors");
        return File.Exists(config) && File.Exists(io) ? [new SchedulerCase(label, io, config)] : [];
    }
}

/// <summary>One sampler from start to end.</summary>
internal sealed class SchedulerCase(string name, string io, string config) : VerificationCase(name, io, config)
{
    private const double Tolerance = 1e-5, ClippedTolerance = 1e-4, TimestepTolerance = 1e-6;
    private const string TimestepsName = "out.timesteps", OriginalsName = "out.pred_original";

    /// <inheritdoc/>
    public override string? Unsupported => ModelConfig.Read(config).ClassName switch
    {
        // A file that names nothing is damaged; reading it says so.
        "" => null,
        var name => SamplerCatalog.Names.Contains(name) ? null : $"scheduler {name}",
    };

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        using var arrays = SafetensorsFile.Open(io);
        var run = Begin(arrays.ReadNumbers(TimestepsName).Length, arrays.Shape("in.sample") is [> 0 and var pictures, ..] ? pictures : 1);
        var sample = arrays.ReadFloat("in.sample");
        var samples = new List<float>(sample);
        List<float> originals = [], remembered = [];
        var original = new float[sample.Length];
        for (var i = 0; i < run.Timesteps.Count; i++)
        {
            run.Step(i, Prediction(sample, run.InputDivisor(i), run.Timesteps[i]), sample, original);
            samples.AddRange(sample);
            originals.AddRange(original);
            if (run.Memory is { Count: > 0 } memory)
                remembered.AddRange(memory[i % memory.Count]);
        }

        yield return Timesteps(arrays, run);
        yield return OutputCheck.OfLargest("out.samples", [.. samples], arrays.ReadFloat("out.samples"), Tolerance);
        if (arrays.Contains("mid.sigmas"))
            yield return OutputCheck.Relative("mid.sigmas", [.. run.Sigmas], arrays.ReadFloat("mid.sigmas"), Tolerance);
        // Where the clean sample is clipped, a change of 1e-7 in the start already moves it by 1e-5.
        var clips = run.Sigmas.Count == 0 && ModelConfig.Read(config).Flag("clip_sample", true);
        if (arrays.Contains(OriginalsName))
            yield return Originals(originals, arrays, clips ? ClippedTolerance : Tolerance) is var check && !check.Ok && IntegratesNoise ? Originals(remembered, arrays, Tolerance) : check;
    }

    /// <summary>diffusers' multistep solver hands out no clean samples; the references hold what it remembers, which is the noise in the form that integrates it.</summary>
    private bool IntegratesNoise => ModelConfig.Read(config).Text("algorithm_type", "") == "dpmsolver";

    private static OutputCheck Originals(List<float> ours, SafetensorsFile arrays, double tolerance) => OutputCheck.OfLargest(OriginalsName, [.. ours], arrays.ReadFloat(OriginalsName), tolerance);

    /// <summary>Integers exactly; floats, which some schedulers have, as numbers.</summary>
    private static OutputCheck Timesteps(SafetensorsFile arrays, ISamplerRun run) => arrays.DataType(TimestepsName) == "I64"
        ? OutputCheck.Exact<long>(TimestepsName, [.. run.Timesteps.Select(timestep => (long)timestep)], arrays.ReadInt64(TimestepsName))
        : OutputCheck.Relative(TimestepsName, [.. run.Timesteps.Select(timestep => (float)timestep)], arrays.ReadFloat(TimestepsName), TimestepTolerance);

    /// <summary>The number at the end of a case's name is that of its steps; some spacings and solvers make one or two timesteps more of it.</summary>
    private ISamplerRun Begin(int timesteps, int pictures)
    {
        var sampler = SamplerCatalog.Load(config);
        if (int.TryParse(Name[(Name.LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var steps) && steps > 0 && steps < timesteps
            && sampler.Begin(steps, pictures) is var run && run.Timesteps.Count == timesteps)
            return run;
        return sampler.Begin(timesteps, pictures);
    }

    /// <summary>The function of the fixtures, in fp32 as written: 0.5 sin(3 x + t / 200) + 0.3 x.</summary>
    private static float[] Prediction(float[] sample, float divisor, double timestep)
    {
        var phase = (float)timestep / 200f;
        return [.. sample.Select(value => value / divisor).Select(x => 0.5f * MathF.Sin(3f * x + phase) + 0.3f * x)];
    }
}
