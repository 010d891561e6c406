using Drift.Kernels;

namespace Drift.Models;

/// <summary>Which products run in INT8 past the safe point, where somebody wants others than the paper's.</summary>
/// <param name="Roles">Roles of the denoiser's layers.</param>
/// <param name="Products">Whether the two products of the denoiser's attention are among them.</param>
/// <param name="Autoencoder">Whether all layers of the decoder are.</param>
/// <param name="TextEncoder">Whether all layers of the text encoder are.</param>
public sealed record LayerSelection(IReadOnlySet<GemmRole> Roles, bool Products, bool Autoencoder, bool TextEncoder)
{
    private const string Usual = "default", All = "all", Attention = "products", Decoder = "vae", Text = "text";

    private static readonly IReadOnlyDictionary<string, GemmRole[]> Groups = new Dictionary<string, GemmRole[]>
    {
        ["self-attention"] = [GemmRole.Query, GemmRole.Key, GemmRole.Value, GemmRole.Output],
        ["cross-attention"] = [GemmRole.CrossQuery, GemmRole.CrossKey, GemmRole.CrossValue, GemmRole.CrossOutput],
        ["feed-forward"] = [GemmRole.FeedForward1, GemmRole.FeedForward2],
        ["embeddings"] = [GemmRole.PatchEmbedding, GemmRole.TimestepEmbedding, GemmRole.SizeEmbedding, GemmRole.CaptionProjection],
        ["modulation"] = [GemmRole.Modulation],
        ["transformer-ends"] = [GemmRole.TransformerIn, GemmRole.TransformerOut],
        ["convolutions"] = [GemmRole.Convolution],
        ["final"] = [GemmRole.FinalProjection],
    };

    /// <summary>The words that <see cref="Parse"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [Usual, All, .. Groups.Keys, Attention, Decoder, Text];

    /// <summary>The paper's layers of a kind of model.</summary>
    /// <param name="kind">The kind.</param>
    public static LayerSelection Of(PipelineKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return new LayerSelection(kind.GuardedRoles, false, false, false);
    }

    /// <summary>Reads a list of words; null where one of them is unknown.</summary>
    /// <param name="list">Words, separated by commas.</param>
    /// <param name="kind">The kind of model, whose own layers the word default stands for.</param>
    public static LayerSelection? Parse(string list, PipelineKind kind)
    {
        ArgumentNullException.ThrowIfNull(list);
        ArgumentNullException.ThrowIfNull(kind);
        string[] words = [.. list.Split(',', StringSplitOptions.TrimEntries)];
        if (words.Any(word => !Names.Contains(word)))
            return null;
        bool Says(string word) => words.Contains(word) || words.Contains(All);
        var roles = Groups.Where(group => Says(group.Key)).SelectMany(group => group.Value).Concat(words.Contains(Usual) ? kind.GuardedRoles : []);
        return new LayerSelection(roles.ToHashSet(), Says(Attention), Says(Decoder), Says(Text));
    }

    /// <summary>Whether a layer of the denoiser is among them.</summary>
    /// <param name="layer">The layer.</param>
    public bool Covers(LayerKey layer) => Roles.Contains(layer.Role);
}
