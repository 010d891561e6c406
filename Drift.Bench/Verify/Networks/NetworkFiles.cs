using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A network's case, opened, and what it is computed with.</summary>
/// <param name="Folder">Config and weights.</param>
/// <param name="Arrays">Inputs <c>in.*</c> and expected outputs <c>out.*</c>.</param>
internal sealed record NetworkFiles(string Folder, SafetensorsFile Arrays)
{
    private const double Tolerance = 1e-4;

    /// <summary>Extents of pictures and latents.</summary>
    public static IReadOnlyList<string> Pictures { get; } = ["samples", "channels", "height", "width"];

    /// <summary>Computes every layer in fp32.</summary>
    public FloatUnit Gemm { get; } = new();

    /// <summary>Scratch memory.</summary>
    public Workspace Workspace { get; } = new();

    /// <summary>Compares an output.</summary>
    /// <param name="output">Its name.</param>
    /// <param name="ours">What ours gave.</param>
    public OutputCheck Check(string output, ReadOnlySpan<float> ours) => OutputCheck.OfLargest(output, ours, Arrays.ReadFloat(output), Tolerance);

    /// <summary>A denoiser's prediction, sample by sample: it takes one timestep, and each sample of a case may have its own.</summary>
    /// <param name="denoiser">The network.</param>
    /// <param name="input">Name of the latents.</param>
    /// <param name="conditioning">What a sample is told.</param>
    public OutputCheck Predict(IDenoiser denoiser, string input, Func<int, Conditioning> conditioning) =>
        Predict(input, (latent, step, sample) => denoiser.Predict(latent, step, conditioning(sample), Gemm));

    /// <summary>A prediction, sample by sample.</summary>
    /// <param name="input">Name of the latents.</param>
    /// <param name="predict">A sample's latent, its step and its number to its prediction.</param>
    public OutputCheck Predict(string input, Func<Tensor, StepContext, int, Tensor> predict)
    {
        var latents = Arrays.ReadTensor(input, Pictures);
        var samples = latents.Shape[0];
        var timesteps = Arrays.ReadNumbers("in.timestep");
        // One timestep may stand for all samples.
        timesteps = timesteps.Length == 1 ? [.. Enumerable.Repeat(timesteps[0], samples)] : timesteps.Require(Arrays, "in.timestep", samples);
        var ours = new List<float>();
        for (var i = 0; i < samples; i++)
        {
            using var scope = Workspace.Begin();
            ours.AddRange(predict(latents.Slice(i, 1), new StepContext(0, timesteps[i], Workspace), i).Span);
        }

        return Check("out.sample", [.. ours]);
    }
}
