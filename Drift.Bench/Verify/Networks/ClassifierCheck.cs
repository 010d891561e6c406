using Drift.Models;

namespace Drift.Bench;

/// <summary>ResNetForImageClassification.</summary>
internal static class ClassifierCheck
{
    /// <summary>Pictures to scores and features.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var network = ResNetClassifier.Load(files.Folder);
        using var scope = files.Workspace.Begin();
        var (logits, pooled) = network.Classify(files.Arrays.ReadTensor("in.pixel_values", NetworkFiles.Pictures), files.Gemm, files.Workspace);
        return [files.Check("out.logits", logits.Span), files.Check("out.pooled", pooled.Span)];
    }
}
