using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Networks: a folder as save_pretrained writes it, and <c>io.safetensors</c> with inputs and outputs.</summary>
internal sealed class NetworkCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        string config = Path.Combine(folder, "config.json"), io = Path.Combine(folder, "io.safetensors");
        return File.Exists(config) && File.Exists(io) ? [new NetworkCase(label, folder, io, config)] : [];
    }
}

/// <summary>One network in fp32.</summary>
internal sealed class NetworkCase(string name, string folder, string io, string config) : VerificationCase(name, io, config)
{
    private const double Tolerance = 1e-4;
    private static readonly string[] Pictures = ["samples", "channels", "height", "width"];
    private readonly FloatUnit _gemm = new();
    private readonly Workspace _workspace = new();

    /// <inheritdoc/>
    public override string? Unsupported =>
        ClassName is "" or "DiTTransformer2DModel" or "AutoencoderKL" or "ResNetForImageClassification" ? null : $"network {ClassName}";

    private string ClassName => ModelConfig.Read(config).ClassName;

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        using var arrays = SafetensorsFile.Open(io);
        return ClassName switch
        {
            "DiTTransformer2DModel" => Dit(arrays),
            "AutoencoderKL" => Vae(arrays),
            _ => Classifier(arrays),
        };
    }

    /// <summary>Sample by sample, for a denoiser takes one timestep and each sample of a case may have its own.</summary>
    private List<OutputCheck> Dit(SafetensorsFile arrays)
    {
        var network = DiTTransformer2D.Load(folder);
        var latents = arrays.ReadTensor("in.hidden_states", Pictures);
        var samples = latents.Shape[0];
        var timesteps = arrays.ReadNumbers("in.timestep").Require(arrays, "in.timestep", samples);
        var labels = arrays.ReadInt64("in.class_labels").Require(arrays, "in.class_labels", samples);
        var ours = new List<float>();
        for (var i = 0; i < samples; i++)
        {
            using var scope = _workspace.Begin();
            ours.AddRange(network.Predict(latents.Slice(i, 1), new StepContext(0, timesteps[i], _workspace), new Conditioning([(int)labels[i]]), _gemm).Span);
        }

        return [Check(arrays, "out.sample", [.. ours])];
    }

    private List<OutputCheck> Vae(SafetensorsFile arrays)
    {
        var network = AutoencoderKL.Load(folder);
        using var scope = _workspace.Begin();
        var (mean, logVariance) = network.Encode(arrays.ReadTensor("in.image", Pictures), _gemm, _workspace);
        return
        [
            Check(arrays, "out.mean", mean.Span),
            Check(arrays, "out.logvar", logVariance.Span),
            Check(arrays, "out.image", network.Decode(arrays.ReadTensor("in.latent", Pictures), _gemm, _workspace).Span),
        ];
    }

    private List<OutputCheck> Classifier(SafetensorsFile arrays)
    {
        var network = ResNetClassifier.Load(folder);
        using var scope = _workspace.Begin();
        var (logits, pooled) = network.Classify(arrays.ReadTensor("in.pixel_values", Pictures), _gemm, _workspace);
        return [Check(arrays, "out.logits", logits.Span), Check(arrays, "out.pooled", pooled.Span)];
    }

    private static OutputCheck Check(SafetensorsFile arrays, string output, ReadOnlySpan<float> ours) =>
        OutputCheck.OfLargest(output, ours, arrays.ReadFloat(output), Tolerance);
}
