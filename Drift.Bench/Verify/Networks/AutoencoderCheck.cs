using Drift.Models;

namespace Drift.Bench;

/// <summary>AutoencoderKL.</summary>
internal static class AutoencoderCheck
{
    /// <summary>Pictures to moments, and latents to pictures.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var network = AutoencoderKL.Load(files.Folder);
        var middle = new Midpoints(files);
        using var scope = files.Workspace.Begin();
        var (mean, logVariance) = network.Encode(files.Arrays.ReadTensor("in.image", NetworkFiles.Pictures), files.Gemm, files.Workspace,
            (name, value) => middle.Watch($"encoder.{name}", value));
        var image = network.Decode(files.Arrays.ReadTensor("in.latent", NetworkFiles.Pictures), files.Gemm, files.Workspace,
            (name, value) => middle.Watch($"decoder.{name}", value));
        return [.. middle.Checks(), files.Check("out.mean", mean.Span), files.Check("out.logvar", logVariance.Span), files.Check("out.image", image.Span)];
    }
}
