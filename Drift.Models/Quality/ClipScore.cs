using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// How well pictures show their prompts: the cosine between the embeddings that a CLIP gives of both (Hessel et al., "CLIPScore", arXiv 2104.08718, without its
/// factor). Immutable; one instance serves all threads.
/// </summary>
public sealed class ClipScore
{
    private readonly ClipModel _network;
    private readonly ClipTokenizer _tokenizer;
    private readonly int _tokens;

    private ClipScore(string folder)
    {
        _network = ClipModel.Load(folder);
        _tokenizer = ClipTokenizer.Load(folder);
        Features = new ClipFeatures(_network, ClipPictures.Load(folder, _network.Edge));
        _tokens = Math.Min(_tokenizer.Length, _network.Length);
    }

    /// <summary>Its view of pictures alone.</summary>
    public ClipFeatures Features { get; }

    /// <summary>Reads a CLIP with its tokenizer and its picture settings.</summary>
    /// <param name="folder">A folder as transformers saves it.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or is of another network.</exception>
    public static ClipScore Load(string folder) => new(folder);

    /// <summary>The cosine of each picture with its prompt, -1..1.</summary>
    /// <param name="pictures">At least one.</param>
    /// <param name="prompts">One a picture; longer ones than the network reads are cut.</param>
    /// <exception cref="ArgumentException">There are not as many prompts as pictures.</exception>
    public IReadOnlyList<double> Between(IReadOnlyList<Picture> pictures, IReadOnlyList<string> prompts)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(prompts);
        if (pictures.Count != prompts.Count || pictures.Count == 0)
            throw new ArgumentException($"{pictures.Count} pictures need as many prompts, not {prompts.Count}, and at least one", nameof(prompts));
        var (gemm, workspace) = (new FloatUnit(), new Workspace());
        string[] distinct = [.. prompts.Distinct()];
        var texts = _network.EmbedTexts(TokenBatch.Of(_tokenizer, distinct, _tokens), gemm, workspace);
        var seen = Features.Embed(pictures);
        return [.. prompts.Select((prompt, i) => Cosine(seen.Slice(i, 1).Span, texts.Slice(Array.IndexOf(distinct, prompt), 1).Span))];
    }

    /// <summary>Both have length 1.</summary>
    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
