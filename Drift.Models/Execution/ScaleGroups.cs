namespace Drift.Models;

/// <summary>
/// Which values of a product's operands share a quantisation scale. A picture's share of a tensor is always apart from other pictures'. Its output, where it saturates, has
/// one scale in either form.
/// </summary>
public enum ScaleGroups
{
    /// <summary>One scale for the weights and one for the activations (the paper's DiT).</summary>
    PerTensor,

    /// <summary>Weights one scale an output channel, activations one a token, which is a row (the paper's PixArt and Stable Diffusion).</summary>
    PerChannelAndToken,
}
