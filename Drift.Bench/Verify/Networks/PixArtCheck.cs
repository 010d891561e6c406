using Drift.Models;

namespace Drift.Bench;

/// <summary>PixArtTransformer2DModel.</summary>
internal static class PixArtCheck
{
    /// <summary>Latents, timesteps, captions with their masks, and sizes to predictions.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var network = PixArtTransformer2D.Load(files.Folder);
        var arrays = files.Arrays;
        var text = arrays.ReadTensor("in.encoder_hidden_states", "samples", "tokens", "width");
        var (samples, tokens) = (text.Shape[0], text.Shape[1]);
        var mask = arrays.Contains("in.encoder_attention_mask") ? arrays.ReadMask("in.encoder_attention_mask", samples * tokens) : null;
        var resolution = network.IsToldSize ? arrays.ReadFloat("in.resolution", 2 * samples) : [];
        var ratio = network.IsToldSize ? arrays.ReadFloat("in.aspect_ratio", samples) : [];
        return
        [
            files.Predict(network, "in.hidden_states", sample => new Conditioning(text.Slice(sample, 1), mask?[(sample * tokens)..((sample + 1) * tokens)])
            {
                Sizes = network.IsToldSize ? [new PictureSize(resolution[2 * sample], resolution[2 * sample + 1], ratio[sample])] : null,
            }),
        ];
    }
}
