using Drift.Models;

namespace Drift.Bench;

/// <summary>UNet2DConditionModel.</summary>
internal static class UNetCheck
{
    /// <summary>Latents, timesteps and text states to predictions.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var text = files.Arrays.ReadTensor("in.encoder_hidden_states", "samples", "tokens", "width");
        var middle = new Midpoints(files);
        var network = UNet2DCondition.Load(files.Folder);
        var output = files.Predict("in.sample", (latent, step, sample) => network.Predict(latent, step, new Conditioning(text.Slice(sample, 1), null), files.Gemm, middle.Watch));
        return [.. middle.Checks(), output];
    }
}
