using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// What the blocks of DiT and of PixArt have in common: self-attention and a feed-forward part, each on a modulated norm and gated as it is added. Of the six parts of a modulation the first three,
/// shift, scale and gate, are attention's.
/// </summary>
internal sealed class AdaptiveBlock
{
    private readonly LinearLayer _query, _key, _value, _output, _widening, _narrowing;
    private readonly FeedForwardForm _form;
    private readonly int _heads;

    /// <summary>Reads the layers under diffusers' names.</summary>
    /// <param name="weights">The transformer's weights.</param>
    /// <param name="index">Zero-based index of the block.</param>
    /// <param name="width">Features of a token.</param>
    /// <param name="heads">Heads of self-attention.</param>
    /// <param name="attentionBias">Whether queries, keys and values have a bias.</param>
    /// <param name="form">What stands between the layers of the feed-forward part.</param>
    public AdaptiveBlock(ModelWeights weights, int index, int width, int heads, bool attentionBias, FeedForwardForm form)
    {
        LinearLayer At(string name, GemmRole role, int n, int k, bool bias = true) =>
            LinearLayer.Read(weights, $"transformer_blocks.{index}.{name}", new LayerKey(index, role), n, k, bias);

        (_heads, _form) = (heads, form);
        _query = At("attn1.to_q", GemmRole.Query, width, width, attentionBias);
        _key = At("attn1.to_k", GemmRole.Key, width, width, attentionBias);
        _value = At("attn1.to_v", GemmRole.Value, width, width, attentionBias);
        _output = At("attn1.to_out.0", GemmRole.Output, width, width);
        _widening = At("ff.net.0.proj", GemmRole.FeedForward1, form.FirstWidth(width), width);
        _narrowing = At("ff.net.2", GemmRole.FeedForward2, width, FeedForwardForm.InnerWidth(width));
    }

    /// <summary>The layers of self-attention.</summary>
    public IEnumerable<LinearLayer> AttentionLayers => [_query, _key, _value, _output];

    /// <summary>The layers of the feed-forward part.</summary>
    public IEnumerable<LinearLayer> FeedForwardLayers => [_widening, _narrowing];

    /// <summary>x += gate self-attention(norm(x)).</summary>
    /// <param name="step">The step.</param>
    /// <param name="hidden">x, [samples, tokens, width].</param>
    /// <param name="modulation">Shifts, scales and gates.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="gemm">Multiplies.</param>
    public void Attend(StepContext step, Tensor hidden, AdaptiveNorm modulation, float epsilon, IGemmUnit gemm)
    {
        using var scope = step.Workspace.Begin();
        Tensor Rent() => step.Workspace.Rent(hidden.Shape[0], hidden.Shape[1], hidden.Columns);
        var (normed, query, key, value) = (Rent(), Rent(), Rent(), Rent());
        modulation.Norm(hidden, 0, epsilon, normed);
        gemm.Linear(step, normed, new Projection(_query, query), new Projection(_key, key), new Projection(_value, value));
        gemm.Attend(step, new AttentionCall(query, key, value, hidden.Shape[1], _heads, normed));
        gemm.Linear(step, normed, new Projection(_output, query));
        modulation.AddGated(hidden, query, 2);
    }

    /// <summary>x += gate feed-forward(norm(x)).</summary>
    /// <inheritdoc cref="Attend"/>
    public void FeedForward(StepContext step, Tensor hidden, AdaptiveNorm modulation, float epsilon, IGemmUnit gemm)
    {
        using var scope = step.Workspace.Begin();
        var (samples, tokens) = (hidden.Shape[0], hidden.Shape[1]);
        var (normed, wide) = (step.Workspace.Rent(samples, tokens, hidden.Columns), step.Workspace.Rent(samples, tokens, _widening.N));
        modulation.Norm(hidden, 3, epsilon, normed);
        gemm.Linear(step, normed, new Projection(_widening, wide));
        gemm.Linear(step, _form.Apply(wide, step.Workspace), new Projection(_narrowing, normed));
        modulation.AddGated(hidden, normed, 5);
    }
}
