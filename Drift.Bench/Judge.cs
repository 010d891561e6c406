using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A shipped classifier that knows the very classes of a model.</summary>
internal sealed class Judge
{
    private const string Classifier = "ResNetForImageClassification";
    private readonly ResNetClassifier _network;

    private Judge(ResNetClassifier network) => _network = network;

    /// <summary>The classifier for a model, or null where none is shipped.</summary>
    /// <param name="model">The model; its class names must be the classifier's.</param>
    public static Judge? For(ModelFolder model)
    {
        foreach (var folder in Directory.EnumerateDirectories(DataFolder.At("models")).Order(StringComparer.Ordinal))
        {
            var path = Path.Combine(folder, "config.json");
            if (!File.Exists(path))
                continue;
            var config = ModelConfig.Read(path);
            if (config.ClassName != Classifier || !config.Has("id2label"))
                continue;
            var labels = config.TextMap("id2label");
            if (labels.Count == model.Labels.Count && model.Labels.Select((name, i) => (name, i)).All(label => labels.GetValueOrDefault($"{label.i}") == label.name))
                return new Judge(ResNetClassifier.Load(folder));
        }

        return null;
    }

    /// <summary>Share of pictures whose most likely class is the one that was asked for, 0..1; null for pictures of other channels than it was trained on.</summary>
    public double? Accuracy(IReadOnlyList<DrawnPicture> drawn)
    {
        var first = drawn[0].Image;
        if (first.Shape[0] != _network.Channels)
            return null;
        var pixels = new Tensor([drawn.Count, .. first.Shape]);
        for (var i = 0; i < drawn.Count; i++)
            drawn[i].Image.Span.CopyTo(pixels.Slice(i, 1).Span);
        var (logits, _) = _network.Classify(pixels, new FloatUnit(), new Workspace());
        var right = 0;
        for (var i = 0; i < drawn.Count; i++)
        {
            var scores = logits.Slice(i, 1).Span;
            var best = 0;
            for (var c = 1; c < scores.Length; c++)
                best = scores[c] > scores[best] ? c : best;
            right += drawn[i].Request.Subject == new ClassSubject(best) ? 1 : 0;
        }

        return (double)right / drawn.Count;
    }
}
