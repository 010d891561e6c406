using Drift.Kernels;

namespace Drift.Models;

/// <summary>diffusers' PatchEmbed: square patches of a latent to tokens, with fixed sines and cosines for their places.</summary>
internal sealed class PatchEmbedding
{
    private readonly int _patch, _channels, _width, _edge;
    private readonly float _shrink;
    private readonly Lazy<float[]> _positions;

    /// <summary>Reads it.</summary>
    /// <param name="weights">The network's weights.</param>
    /// <param name="config">Its settings: patch_size, in_channels, sample_size.</param>
    /// <param name="width">Values of a token.</param>
    /// <param name="standardSize">sample_size where the config has none.</param>
    /// <param name="shrink">Divisor of all positions, for a latent of a size.</param>
    public PatchEmbedding(ModelWeights weights, ModelConfig config, int width, int standardSize, Func<int, float> shrink)
    {
        (_patch, _channels, _width) = (config.Integer("patch_size", 2), config.Integer("in_channels", 4), width);
        SampleSize = config.Integer("sample_size", standardSize);
        if (SampleSize % _patch != 0)
            throw config.Refuse("sample_size", $"{SampleSize}", $"a multiple of patch_size {_patch}");
        if (width % 4 != 0)
            throw config.Refuse("attention_head_dim", $"{config.Integer("attention_head_dim", 1)}", "a width (heads x head size) that 4 divides, for the position embedding");
        (_edge, _shrink) = (SampleSize / _patch, shrink(SampleSize));
        if ((double)_edge * _edge * width > Array.MaxLength)
            throw config.Refuse("sample_size", $"{SampleSize}", $"so many patches of {_patch} x {_patch} that the embedding of their places fits an array");
        Projection = new LinearLayer(new LayerKey(0, GemmRole.PatchEmbedding), new HeldRows(weights.Read("pos_embed.proj.weight", width, _channels, _patch, _patch), width, _channels * _patch * _patch),
            weights.Read("pos_embed.proj.bias", width));
        // A config alone brings about no large table.
        _positions = new Lazy<float[]>(() => Positions(_edge, _edge));
    }

    /// <summary>Edge of the latents that the network was trained on.</summary>
    public int SampleSize { get; }

    /// <summary>Shape of the latents that the network was trained on.</summary>
    public (int Channels, int Height, int Width) LatentShape => (_channels, SampleSize, SampleSize);

    /// <summary>Edge of a patch.</summary>
    public int Patch => _patch;

    /// <summary>A patch to a token.</summary>
    public LinearLayer Projection { get; }

    /// <summary>Refuses latents that do not fit the network.</summary>
    /// <param name="latent">[samples, channels, height, width].</param>
    /// <exception cref="ArgumentException">They have other channels, or patches do not divide them.</exception>
    public void Require(Tensor latent)
    {
        if (latent.Shape is not [_, var channels, var height, var width] || channels != _channels || height % _patch != 0 || width % _patch != 0)
            throw new ArgumentException($"a latent of [{string.Join(", ", latent.Shape)}] does not fit {_channels} channels in patches of {_patch}", nameof(latent));
    }

    /// <summary>Tokens [samples, tokens, width] in the step's workspace.</summary>
    /// <param name="latent">[samples, channels, height, width].</param>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="gemm">Computes the projection.</param>
    public Tensor Embed(Tensor latent, StepContext step, IGemmUnit gemm)
    {
        var (samples, rows, columns) = (latent.Shape[0], latent.Shape[2] / _patch, latent.Shape[3] / _patch);
        var tokens = step.Workspace.Rent(samples, rows * columns, _width);
        using var scope = step.Workspace.Begin();
        var patches = step.Workspace.Rent(samples, rows * columns, Projection.K);
        Patches.Gather(latent, _patch, patches);
        gemm.Linear(step, patches, new Projection(Projection, tokens));
        var positions = rows == _edge && columns == _edge ? _positions.Value : Positions(rows, columns);
        for (var s = 0; s < samples; s++)
            Activation.Add(tokens.Slice(s, 1).Span, positions);
        return tokens;
    }

    private float[] Positions(int rows, int columns) => Sinusoids.Grid(_width, rows, columns, _edge, _shrink);
}
