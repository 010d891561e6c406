namespace Drift.Kernels;

/// <summary>
/// What a product does in its block. The numbers are part of every fault plan's key and never change;
/// a new role takes a new number.
/// </summary>
public enum GemmRole
{
    /// <summary>Query projection of self-attention (diffusers' to_q).</summary>
    Query = 1,

    /// <summary>Key projection of self-attention (to_k).</summary>
    Key = 2,

    /// <summary>Value projection of self-attention (to_v).</summary>
    Value = 3,

    /// <summary>Output projection of self-attention (to_out).</summary>
    Output = 4,

    /// <summary>First, widening layer of the feed-forward block (fc1).</summary>
    FeedForward1 = 5,

    /// <summary>Second, narrowing layer of the feed-forward block (fc2).</summary>
    FeedForward2 = 6,

    /// <summary>Patches of the latent to tokens.</summary>
    PatchEmbedding = 7,

    /// <summary>A layer of the timestep embedder.</summary>
    TimestepEmbedding = 8,

    /// <summary>Shifts, scales and gates of adaptive layer norm (adaLN).</summary>
    Modulation = 9,

    /// <summary>Tokens back to patches after the last block.</summary>
    FinalProjection = 10,

    /// <summary>Query projection of cross-attention, from the picture.</summary>
    CrossQuery = 11,

    /// <summary>Key projection of cross-attention, from the text.</summary>
    CrossKey = 12,

    /// <summary>Value projection of cross-attention, from the text.</summary>
    CrossValue = 13,

    /// <summary>Output projection of cross-attention.</summary>
    CrossOutput = 14,

    /// <summary>Text states to the denoiser's width.</summary>
    CaptionProjection = 15,

    /// <summary>Resolution and aspect ratio to an embedding beside the timestep's.</summary>
    SizeEmbedding = 16,

    /// <summary>Into a UNet's transformer (proj_in): a linear layer over the pixels, or a 1 x 1 convolution, which is the same.</summary>
    TransformerIn = 17,

    /// <summary>Out of a UNet's transformer (proj_out).</summary>
    TransformerOut = 18,

    /// <summary>A convolution, over its windows.</summary>
    Convolution = 20,

    /// <summary>Pooled features to class scores.</summary>
    Classifier = 21,

    /// <summary>Any layer of a text encoder: block is its layer, index its place there.</summary>
    TextEncoder = 22,

    /// <summary>Any layer of a picture encoder: block is its layer, index its place there.</summary>
    PictureEncoder = 23,

    /// <summary>Queries by keys of one head of one sample: index counts the attentions of a block and their heads.</summary>
    AttentionScores = 24,

    /// <summary>Attention weights by values of one head of one sample.</summary>
    AttentionValues = 25,
}
