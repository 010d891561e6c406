using Drift.Models;

namespace Drift.Bench;

/// <summary>AutoencoderKL.</summary>
internal static class AutoencoderCheck
{
    /// <summary>Pictures to moments, and latents to pictures.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var network = AutoencoderKL.Load(files.Folder);
        using var scope = files.Workspace.Begin();
        var (mean, logVariance) = network.Encode(files.Arrays.ReadTensor("in.image", NetworkFiles.Pictures), files.Gemm, files.Workspace);
        return
        [
            files.Check("out.mean", mean.Span),
            files.Check("out.logvar", logVariance.Span),
            files.Check("out.image", network.Decode(files.Arrays.ReadTensor("in.latent", NetworkFiles.Pictures), files.Gemm, files.Workspace).Span),
        ];
    }
}
