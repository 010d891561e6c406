using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A pipeline in fp32, from the case's latents to its pictures.</summary>
internal sealed class PipelineCase(string name, string folder, string io, string list, PipelineCaseEntry entry) : VerificationCase(name, io, list)
{
    private const double LatentTolerance = 1e-3, TextTolerance = 1e-4, PictureDecibels = 50;
    private static readonly string[] PictureExtents = ["pictures", "channels", "height", "width"];
    private readonly FloatUnit _gemm = new();
    private readonly Workspace _workspace = new();

    /// <inheritdoc/>
    public override string? Unsupported => ModelConfig.Read(Path.Combine(entry.ModelPath(folder), "scheduler", "scheduler_config.json")).ClassName is var scheduler
        && (scheduler.Length == 0 || SamplerCatalog.Names.Contains(scheduler)) ? null : $"scheduler {scheduler}";

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        using var arrays = SafetensorsFile.Open(io);
        var latents = arrays.ReadTensor("in.latents", PictureExtents);
        var expected = arrays.ReadTensor("out.latents", ["steps", .. PictureExtents]);
        var pictures = entry.Pictures;
        var pipeline = DiffusionPipeline.Load(entry.ModelPath(folder));
        // Some samplers ask the network more often than they have steps.
        if (expected.Shape[0] != pipeline.Sampler.Begin(entry.Steps).Timesteps.Count || pictures.Count != latents.Shape[0])
            throw new UserErrorException($"{list}: expected {expected.Shape[0]} steps and {latents.Shape[0]} labels or prompts, as {io} has");

        var conditioning = pipeline.Conditioner.Condition(pictures, entry.Settings, _gemm, _workspace);
        var text = conditioning.Text is { } states && arrays.Contains("out.text") ? Text(arrays, states) : null;
        // Each step against its own largest value, and the worst of them reported.
        var worst = new OutputCheck("out.latents", 0, LatentTolerance);
        pipeline.Denoise(latents, conditioning, entry.Settings, _gemm, _workspace, (step, now) =>
        {
            var check = OutputCheck.OfLargest(worst.Output, now.Span, expected.Slice(step, 1).Span, LatentTolerance);
            worst = check.Error > worst.Error ? check : worst;
        }, setting.Cancellation);
        return [.. text is null ? Array.Empty<OutputCheck>() : [text], worst, Pictures(pipeline.Decode(latents, _gemm, _workspace), arrays.ReadTensor("out.image", PictureExtents))];
    }

    /// <summary>Text states: the case has all conditional ones before the unconditional ones, where ours alternate.</summary>
    private OutputCheck Text(SafetensorsFile arrays, Tensor ours)
    {
        var (pictures, halves) = (entry.Pictures.Count, entry.Settings.IsGuided ? 2 : 1);
        var expected = arrays.ReadTensor("out.text", "texts", "tokens", "width");
        var sorted = new Tensor([.. expected.Shape]);
        if (expected.Shape[0] != 2 * pictures || ours.Length != expected.Length / 2 * halves)
            throw new UserErrorException($"{io}: out.text has the shape [{string.Join(", ", expected.Shape)}]; expected [{2 * pictures}, {string.Join(", ", ours.Shape.Skip(1))}]");
        for (var sample = 0; sample < ours.Shape[0]; sample++)
            ours.Slice(sample, 1).Span.CopyTo(sorted.Slice(sample % halves * pictures + sample / halves, 1).Span);
        var compared = halves * pictures;
        return OutputCheck.OfLargest("out.text", sorted.Slice(0, compared).Span, expected.Slice(0, compared).Span, TextTolerance);
    }

    /// <summary>At least 50 dB, said as an error: mean square over the square of the peak, at most 1e-5.</summary>
    private static OutputCheck Pictures(Tensor images, Tensor expected)
    {
        var largest = images.Shape[0] == expected.Shape[0] ? 0 : double.PositiveInfinity;
        for (var i = 0; i < Math.Min(images.Shape[0], expected.Shape[0]); i++)
            largest = Math.Max(largest, Psnr.MeanSquaredError(PictureAt(images, i), PictureAt(expected, i)) / (byte.MaxValue * byte.MaxValue));
        return new OutputCheck("out.image (8 bit)", largest, Math.Pow(10, -PictureDecibels / 10));
    }

    private static Picture PictureAt(Tensor images, int index) => Picture.From(images.Slice(index, 1).Reshape([.. images.Shape.Skip(1)]));
}
