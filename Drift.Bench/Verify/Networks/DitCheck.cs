using Drift.Models;

namespace Drift.Bench;

/// <summary>DiTTransformer2DModel.</summary>
internal static class DitCheck
{
    /// <summary>Latents, timesteps and labels to predictions.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var labels = files.Arrays.ReadInt64("in.class_labels");
        labels.Require(files.Arrays, "in.class_labels", files.Arrays.ReadTensor("in.hidden_states", NetworkFiles.Pictures).Shape[0]);
        return [files.Predict(DiTTransformer2D.Load(files.Folder), "in.hidden_states", sample => new Conditioning([(int)labels[sample]]))];
    }
}
