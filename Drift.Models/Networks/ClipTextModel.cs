using Drift.Kernels;

namespace Drift.Models;

/// <summary>transformers' CLIPTextModel: tokens to hidden states, each seeing those before it. Immutable; one instance serves all threads.</summary>
public sealed class ClipTextModel : ITextEncoder
{
    /// <summary>An end token of this number in a config stands for the highest token of a text: what early checkpoints say and never meant.</summary>
    private const int LegacyEnd = 2;

    private const string Published = "text_model.";

    private readonly ClipEncoder _encoder;
    private readonly ClipEncoder.Affine _finalNorm;
    private readonly EmbeddingTable _tokens;
    private readonly float[] _positions;
    private readonly int _end;

    /// <summary>Reads the tower from open weights.</summary>
    /// <param name="config">The tower's settings.</param>
    /// <param name="weights">The folder's weights.</param>
    internal ClipTextModel(ModelConfig config, ModelWeights weights)
    {
        var prefix = weights.Has($"{Published}embeddings.token_embedding.weight") ? Published : "";
        _encoder = new ClipEncoder(config, weights, prefix, (512, 2048, 12, 8), GemmRole.TextEncoder);
        Vocabulary = config.Integer("vocab_size", 49408);
        Length = config.Integer("max_position_embeddings", 77);
        _end = config.Integer("eos_token_id", 49407, 0);
        _tokens = weights.Table($"{prefix}embeddings.token_embedding.weight", Vocabulary, Width);
        _positions = weights.Read($"{prefix}embeddings.position_embedding.weight", Length, Width);
        _finalNorm = ClipEncoder.Affine.Read(weights, $"{prefix}final_layer_norm", Width);
    }

    /// <summary>Values of a token.</summary>
    public int Width => _encoder.Width;

    /// <summary>Tokens that the network knows: 0 to one less.</summary>
    public int Vocabulary { get; }

    /// <summary>The longest row of tokens.</summary>
    public int Length { get; }

    /// <summary>Reads a folder as transformers saves it, with or without the prefix <c>text_model.</c></summary>
    /// <param name="folder">Holds config.json and model.safetensors.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or config and weights disagree.</exception>
    public static ClipTextModel Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        config.RequireClass("CLIPTextModel");
        return ModelWeights.Load(folder, weights =>
        {
            // The other tower, where the checkpoint is a whole CLIP.
            weights.Leave("vision_model.", "visual_projection.", "text_projection.", "logit_scale");
            return new ClipTextModel(config, weights);
        });
    }

    /// <inheritdoc/>
    public Tensor Encode(TokenBatch tokens, IGemmUnit gemm, Workspace workspace) => Encode(tokens, gemm, workspace, null).LastHidden;

    /// <summary>States of every token, and of the end tokens alone. A mask changes nothing up to the end of a text, for no token sees what follows it.</summary>
    /// <param name="tokens">The texts.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="watch">Called with <c>hidden.N</c>, the values before each block and behind the last one; null for none.</param>
    /// <returns>
    /// The last states [texts, tokens, width] after the final norm, and [texts, width] at the end token of each, with memory of their own.
    /// </returns>
    /// <exception cref="ArgumentException">A token lies outside the vocabulary, or a text is longer than <see cref="Length"/>.</exception>
    public (Tensor LastHidden, Tensor Pooled) Encode(TokenBatch tokens, IGemmUnit gemm, Workspace workspace, Action<string, Tensor>? watch)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(gemm);
        ArgumentNullException.ThrowIfNull(workspace);
        if (tokens.Tokens > Length)
            throw new ArgumentException($"texts of {tokens.Tokens} tokens; the text encoder reads at most {Length}", nameof(tokens));
        var unknown = Array.FindIndex(tokens.Ids, token => token < 0 || token >= Vocabulary);
        if (unknown >= 0)
            throw new ArgumentException($"token {tokens.Ids[unknown]} is none of 0 to {Vocabulary - 1}", nameof(tokens));

        var hidden = new Tensor(tokens.Texts, tokens.Tokens, Width);
        for (var place = 0; place < tokens.Ids.Length; place++)
        {
            var target = hidden.Span.Slice(place * Width, Width);
            _tokens.Row(tokens.Ids[place]).CopyTo(target);
            Activation.Add(target, _positions.AsSpan(place % tokens.Tokens * Width, Width));
        }

        _encoder.Run(hidden, tokens.Mask.Contains(false) ? tokens.Mask : null, Causal(tokens.Tokens), new StepContext(0, 0, workspace), gemm, watch);
        _encoder.Norm(hidden, _finalNorm, hidden);
        var pooled = new Tensor(tokens.Texts, Width);
        for (var text = 0; text < tokens.Texts; text++)
        {
            var end = text * tokens.Tokens + End(new ArraySegment<int>(tokens.Ids, text * tokens.Tokens, tokens.Tokens));
            hidden.Span.Slice(end * Width, Width).CopyTo(pooled.Span[(text * Width)..]);
        }

        return (hidden, pooled);
    }

    /// <summary>Where the text ends: its first end token; the first place, if it has none.</summary>
    private int End(ArraySegment<int> text) => Math.Max(0, text.AsSpan().IndexOf(_end == LegacyEnd ? text.Max() : _end));

    /// <summary>Bars each token from those behind it.</summary>
    private static Tensor Causal(int length)
    {
        var bias = new Tensor(1, length, length);
        for (var row = 0; row < length; row++)
            bias.Span.Slice(row * length + row + 1, length - row - 1).Fill(float.NegativeInfinity);
        return bias;
    }
}
