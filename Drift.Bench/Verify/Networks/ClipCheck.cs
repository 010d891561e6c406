using Drift.Models;

namespace Drift.Bench;

/// <summary>CLIPModel.</summary>
internal static class ClipCheck
{
    /// <summary>Texts and pictures to embeddings, and how well they agree.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var network = ClipModel.Load(files.Folder);
        var middle = new Midpoints(files);
        var texts = network.EmbedTexts(ClipTextCheck.Tokens(files.Arrays), files.Gemm, files.Workspace);
        var pictures = network.EmbedPictures(files.Arrays.ReadTensor("in.pixel_values", NetworkFiles.Pictures), files.Gemm, files.Workspace,
            (name, value) => middle.Watch($"vision.{name}", value));
        return
        [
            .. middle.Checks(),
            files.Check("out.text_embeds", texts.Span),
            files.Check("out.image_embeds", pictures.Span),
            files.Check("out.logits_per_image", network.Logits(pictures, texts).Span),
        ];
    }
}
