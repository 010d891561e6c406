using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// transformers' CLIPModel: texts and pictures to directions in one space (Radford et al., "Learning transferable visual models from natural language
/// supervision", arXiv 2103.00020). Immutable; one instance serves all threads.
/// </summary>
public sealed class ClipModel
{
    // The blocks' layers are 0 to 5.
    private const int PatchPlace = 6, ProjectionPlace = 7;

    private readonly ClipTextModel _text;
    private readonly ClipEncoder _vision;
    private readonly ClipEncoder.Affine _preNorm, _postNorm;
    private readonly ConvolutionLayer _patches;
    private readonly LinearLayer _textProjection, _visionProjection;
    private readonly float[] _class, _positions;
    private readonly float _logitScale;

    private ClipModel(ModelConfig config, ModelWeights weights)
    {
        var vision = config.Section("vision_config");
        _text = new ClipTextModel(config.Section("text_config"), weights);
        _vision = new ClipEncoder(vision, weights, "vision_model.", (768, 3072, 12, 12), GemmRole.PictureEncoder);
        Channels = vision.Integer("num_channels", 3);
        Edge = vision.Integer("image_size", 224);
        var patch = vision.Integer("patch_size", 32);
        if (patch > Edge)
            throw vision.Refuse("patch_size", $"{patch}", $"at most image_size {Edge}");
        var tokens = Edge / patch * (Edge / patch) + 1;
        var width = _vision.Width;
        _class = weights.Read("vision_model.embeddings.class_embedding", width);
        _positions = weights.Read("vision_model.embeddings.position_embedding.weight", tokens, width);
        _patches = new ConvolutionLayer(new LayerKey(0, GemmRole.PictureEncoder, PatchPlace),
            weights.Read("vision_model.embeddings.patch_embedding.weight", width, Channels, patch, patch), [], width, Channels, patch, patch);
        // The misspelling is the published name.
        _preNorm = ClipEncoder.Affine.Read(weights, "vision_model.pre_layrnorm", width);
        _postNorm = ClipEncoder.Affine.Read(weights, "vision_model.post_layernorm", width);
        Dimensions = config.Integer("projection_dim", 512);
        _textProjection = Projection(weights, "text_projection", GemmRole.TextEncoder, _text.Width);
        _visionProjection = Projection(weights, "visual_projection", GemmRole.PictureEncoder, width);
        _logitScale = weights.Read("logit_scale")[0];
    }

    /// <summary>Values of an embedding.</summary>
    public int Dimensions { get; }

    /// <summary>Channels of a picture.</summary>
    public int Channels { get; }

    /// <summary>Height and width of a picture.</summary>
    public int Edge { get; }

    /// <summary>The longest row of tokens.</summary>
    public int Length => _text.Length;

    /// <summary>Reads a folder as transformers saves it.</summary>
    /// <param name="folder">Holds config.json and model.safetensors.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or config and weights disagree.</exception>
    public static ClipModel Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        config.RequireClass("CLIPModel");
        return ModelWeights.Load(folder, weights => new ClipModel(config, weights));
    }

    /// <summary>Texts to embeddings.</summary>
    /// <param name="tokens">The texts.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <returns>[texts, dimensions], each of length 1, with memory of their own.</returns>
    /// <exception cref="ArgumentException">The tokens do not fit the text tower.</exception>
    public Tensor EmbedTexts(TokenBatch tokens, IGemmUnit gemm, Workspace workspace) =>
        Embed(_text.Encode(tokens, gemm, workspace, null).Pooled, _textProjection, gemm, workspace);

    /// <summary>Pictures to embeddings.</summary>
    /// <param name="pixels">[pictures, channels, edge, edge], normalised as the network was trained.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="watch">Called with <c>hidden.N</c>, the values before each block and behind the last one; null for none.</param>
    /// <returns>[pictures, dimensions], each of length 1, with memory of their own.</returns>
    /// <exception cref="ArgumentException">The pixels have another shape.</exception>
    public Tensor EmbedPictures(Tensor pixels, IGemmUnit gemm, Workspace workspace, Action<string, Tensor>? watch = null)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(gemm);
        ArgumentNullException.ThrowIfNull(workspace);
        if (pixels.Shape is not [var pictures, var channels, var height, var width] || channels != Channels || height != Edge || width != Edge)
            throw new ArgumentException($"[{string.Join(", ", pixels.Shape)}] is not [pictures, {Channels}, {Edge}, {Edge}]", nameof(pixels));

        using var scope = workspace.Begin();
        var step = new StepContext(0, 0, workspace);
        var image = workspace.Rent(pictures, height, width, channels);
        ChannelOrder.ToLast(pixels, image);
        var grid = _patches.Output(Edge);
        var patches = workspace.Rent(pictures, grid, grid, _vision.Width);
        gemm.Convolve(step, image, _patches, patches);

        var hidden = workspace.Rent(pictures, grid * grid + 1, _vision.Width);
        var pooled = workspace.Rent(pictures, _vision.Width);
        for (var i = 0; i < pictures; i++)
        {
            var sample = hidden.Slice(i, 1).Span;
            _class.CopyTo(sample);
            patches.Slice(i, 1).Span.CopyTo(sample[_vision.Width..]);
            Activation.Add(sample, _positions);
        }

        _vision.Norm(hidden, _preNorm, hidden);
        _vision.Run(hidden, mask: null, bias: null, step, gemm, watch);
        for (var i = 0; i < pictures; i++)
            hidden.Slice(i, 1).Span[.._vision.Width].CopyTo(pooled.Slice(i, 1).Span);
        _vision.Norm(pooled, _postNorm, pooled);
        return Embed(pooled, _visionProjection, gemm, workspace);
    }

    /// <summary>How well pictures and texts agree: the cosines of their embeddings, scaled as the network was trained.</summary>
    /// <param name="pictures">[pictures, dimensions].</param>
    /// <param name="texts">[texts, dimensions].</param>
    /// <returns>[pictures, texts].</returns>
    public Tensor Logits(Tensor pictures, Tensor texts)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(texts);
        var logits = new Tensor(pictures.Rows, texts.Rows);
        FloatGemm.Multiply(pictures.Span, pictures.Rows, FloatGemm.Pack(texts.Span, texts.Rows, Dimensions), default, logits.Span);
        foreach (ref var value in logits.Span)
            value *= MathF.Exp(_logitScale);
        return logits;
    }

    private LinearLayer Projection(ModelWeights weights, string name, GemmRole role, int width) =>
        new(new LayerKey(0, role, ProjectionPlace), weights.Read($"{name}.weight", Dimensions, width), [], Dimensions, width);

    private static Tensor Embed(Tensor pooled, LinearLayer projection, IGemmUnit gemm, Workspace workspace)
    {
        var embedding = new Tensor(pooled.Rows, projection.N);
        gemm.Linear(new StepContext(0, 0, workspace), pooled, new Projection(projection, embedding));
        for (var row = 0; row < embedding.Rows; row++)
        {
            var values = embedding.Slice(row, 1).Span;
            var length = 0.0;
            foreach (var value in values)
                length += (double)value * value;
            foreach (ref var value in values)
                value = (float)(value / Math.Sqrt(length));
        }

        return embedding;
    }
}
