namespace Drift.Models;

/// <summary>Which values share a quantisation scale. A picture's share of a tensor is always apart from other pictures'.</summary>
public enum ScaleGroups
{
    /// <summary>One scale for weights, activations and outputs each (the paper's DiT).</summary>
    PerTensor,

    /// <summary>Weights one scale an output channel; activations and outputs one a token, which is a row (the paper's PixArt and Stable Diffusion).</summary>
    PerChannelAndToken,
}
