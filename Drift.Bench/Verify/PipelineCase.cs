using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A class-conditional pipeline in fp32, from the case's latents to its pictures.</summary>
internal sealed class PipelineCase(string name, string folder, string io, string list, PipelineCaseEntry entry) : VerificationCase(name, io, list)
{
    private const double LatentTolerance = 1e-3, PictureDecibels = 50;
    private readonly FloatUnit _gemm = new();
    private readonly Workspace _workspace = new();

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        using var arrays = SafetensorsFile.Open(io);
        var model = ModelPath();
        var network = DiTTransformer2D.Load(Path.Combine(model, "transformer"));
        var sampler = Ddim.Load(Path.Combine(model, "scheduler", "scheduler_config.json")).Begin(entry.Steps);
        var latents = arrays.ReadTensor("in.latents");
        var expected = arrays.ReadTensor("out.latents");
        if (expected.Shape[0] != entry.Steps || entry.Labels?.Length != latents.Shape[0])
            throw new UserErrorException($"{list}: expected {expected.Shape[0]} steps and {latents.Shape[0]} labels, as {io} has");

        // Each step against its own largest value, and the worst of them reported.
        var worst = OutputCheck.OfLargest("out.latents", [], [], LatentTolerance);
        for (var step = 0; step < entry.Steps; step++)
        {
            setting.Cancellation.ThrowIfCancellationRequested();
            sampler.Step(step, Predict(network, latents, new StepContext(step, sampler.Timesteps[step], _workspace)), latents.Span);
            var check = OutputCheck.OfLargest("out.latents", latents.Span, expected.Slice(step, 1).Span, LatentTolerance);
            worst = check.Error > worst.Error ? check : worst;
        }

        return [worst, Pictures(AutoencoderKL.Load(Path.Combine(model, "vae")), latents, arrays.ReadTensor("out.image"))];
    }

    /// <summary>Guided noise: unconditional plus guidance times the difference, both halves in one batch.</summary>
    private float[] Predict(DiTTransformer2D network, Tensor latents, StepContext step)
    {
        using var scope = _workspace.Begin();
        var labels = entry.Labels!;
        if (entry.Guidance == 1)
            return network.Predict(latents, step, new Conditioning(labels), _gemm).Span.ToArray();
        var both = _workspace.Rent([2 * latents.Shape[0], .. latents.Shape.Skip(1)]);
        latents.Span.CopyTo(both.Span);
        latents.Span.CopyTo(both.Span[latents.Length..]);
        int[] halves = [.. labels, .. labels.Select(_ => network.Classes)];
        var predicted = network.Predict(both, step, new Conditioning(halves), _gemm).Span;
        var guided = new float[latents.Length];
        var guidance = (float)entry.Guidance;
        for (var i = 0; i < guided.Length; i++)
            guided[i] = predicted[latents.Length + i] + guidance * (predicted[i] - predicted[latents.Length + i]);
        return guided;
    }

    /// <summary>At least 50 dB, said as an error: mean square over the square of the peak, at most 1e-5.</summary>
    private OutputCheck Pictures(AutoencoderKL vae, Tensor latents, Tensor expected)
    {
        var unscaled = latents.Clone();
        foreach (ref var value in unscaled.Span)
            value /= (float)vae.ScalingFactor;
        var images = vae.Decode(unscaled, _gemm, _workspace);
        double largest = 0;
        for (var i = 0; i < images.Shape[0]; i++)
            largest = Math.Max(largest, Psnr.MeanSquaredError(PictureAt(images, i), PictureAt(expected, i)) / (byte.MaxValue * byte.MaxValue));
        return new OutputCheck("out.image (8 bit)", largest, Math.Pow(10, -PictureDecibels / 10));
    }

    private static Picture PictureAt(Tensor images, int index) => Picture.From(images.Slice(index, 1).Reshape([.. images.Shape.Skip(1)]));

    /// <summary>The model named by the case: in a folder models beside any folder above the case, else a shipped one.</summary>
    private string ModelPath()
    {
        for (var above = new DirectoryInfo(folder).Parent; above is not null; above = above.Parent)
        {
            var path = Path.Combine(above.FullName, "models", entry.Model);
            if (Directory.Exists(path))
                return path;
        }

        return ModelFolder.Find(entry.Model).Path;
    }
}
