using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A pipeline in fp32, from the case's latents to its pictures.</summary>
internal sealed class PipelineCase(string name, string folder, string io, string list, PipelineCaseEntry entry) : VerificationCase(name, io, list)
{
    private const double TextTolerance = 1e-4, LatentTolerance = 1e-3, PictureDecibels = 50;
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
        if (expected.Shape[0] != entry.Steps || entry.Subjects.Count != latents.Shape[0])
            throw new UserErrorException($"{list}: expected {expected.Shape[0]} steps and {latents.Shape[0]} labels or prompts, as {io} has");

        // Each step against its own largest value, and the worst of them reported.
        var worst = new OutputCheck("out.latents", 0, LatentTolerance);
        var pipeline = DiffusionPipeline.Load(entry.ModelPath(folder));
        var settings = new SamplingSettings(entry.Steps, entry.Guidance) { TextTokens = entry.MaxLength };
        var conditioning = pipeline.Conditioner.Condition([.. entry.Subjects.Select(subject => new PictureRequest(0, subject))], settings, _gemm, _workspace);
        pipeline.Denoise(latents, conditioning, settings, _gemm, _workspace, (step, now) =>
        {
            var check = OutputCheck.OfLargest(worst.Output, now.Span, expected.Slice(step, 1).Span, LatentTolerance);
            worst = check.Error > worst.Error ? check : worst;
        }, setting.Cancellation);
        return [.. Text(conditioning, settings, arrays), worst, Pictures(pipeline.Decode(latents, _gemm, _workspace), arrays.ReadTensor("out.image", PictureExtents))];
    }

    /// <summary>Text states, where the case has them: the prompts', then the negative ones'. Ours stand in pairs, or without the second half where nothing guides.</summary>
    private static IEnumerable<OutputCheck> Text(Conditioning conditioning, SamplingSettings settings, SafetensorsFile arrays)
    {
        const string Name = "out.text";
        if (conditioning.Text is not { } text || !arrays.Contains(Name))
            yield break;
        var halves = settings.IsGuided ? 2 : 1;
        float[] ours = [.. from half in Enumerable.Range(0, halves)
                           from picture in Enumerable.Range(0, text.Shape[0] / halves)
                           from value in text.Slice(picture * halves + half, 1).Span.ToArray()
                           select value];
        var expected = arrays.ReadFloat(Name);
        yield return OutputCheck.OfLargest(Name, ours, settings.IsGuided ? expected : expected.AsSpan(0, Math.Min(ours.Length, expected.Length)), TextTolerance);
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
