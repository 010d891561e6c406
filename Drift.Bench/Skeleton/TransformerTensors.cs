namespace Drift.Bench;

/// <summary>Tensors of the diffusion transformers and of the text encoders, as published checkpoints name them.</summary>
internal static class TransformerTensors
{
    private const int TimestepFeatures = 256, Widening = 4, ModulationParts = 6;

    /// <summary>DiTTransformer2DModel.</summary>
    public static IReadOnlyList<SkeletonTensor> Dit(int layers, int width, int classes, int patch, int inChannels, int outChannels)
    {
        var list = new TensorList();
        list.Convolution("pos_embed.proj", width, inChannels, patch);
        for (var i = 0; i < layers; i++)
        {
            var block = $"transformer_blocks.{i}";
            list.Linear($"{block}.norm1.emb.timestep_embedder.linear_1", width, TimestepFeatures);
            list.Linear($"{block}.norm1.emb.timestep_embedder.linear_2", width, width);
            list.Matrix($"{block}.norm1.emb.class_embedder.embedding_table.weight", classes + 1, width);
            list.Linear($"{block}.norm1.linear", ModulationParts * width, width);
            Attention(list, $"{block}.attn1", width, width);
            FeedForward(list, block, width);
        }

        list.Linear("proj_out_1", 2 * width, width);
        list.Linear("proj_out_2", patch * patch * outChannels, width);
        return list.Tensors;
    }

    /// <summary>PixArtTransformer2DModel that is told the size.</summary>
    public static IReadOnlyList<SkeletonTensor> PixArt(int layers, int width, int captions, int patch, int inChannels, int outChannels)
    {
        var list = new TensorList();
        list.Convolution("pos_embed.proj", width, inChannels, patch);
        foreach (var (name, embedded) in new[] { ("timestep_embedder", width), ("resolution_embedder", width / 3), ("aspect_ratio_embedder", width / 3) })
        {
            list.Linear($"adaln_single.emb.{name}.linear_1", embedded, TimestepFeatures);
            list.Linear($"adaln_single.emb.{name}.linear_2", embedded, embedded);
        }

        list.Linear("adaln_single.linear", ModulationParts * width, width);
        list.Linear("caption_projection.linear_1", width, captions);
        list.Linear("caption_projection.linear_2", width, width);
        for (var i = 0; i < layers; i++)
        {
            var block = $"transformer_blocks.{i}";
            list.Matrix($"{block}.scale_shift_table", ModulationParts, width);
            Attention(list, $"{block}.attn1", width, width);
            Attention(list, $"{block}.attn2", width, width);
            FeedForward(list, block, width);
        }

        list.Matrix("scale_shift_table", 2, width);
        list.Linear("proj_out", patch * patch * outChannels, width);
        return list.Tensors;
    }

    /// <summary>T5EncoderModel with gated feed-forward networks.</summary>
    public static IReadOnlyList<SkeletonTensor> T5(int layers, int width, int wide, int heads, int depth, int vocabulary, int buckets)
    {
        var list = new TensorList();
        list.Matrix("shared.weight", vocabulary, width);
        for (var i = 0; i < layers; i++)
        {
            var (attention, feedForward) = ($"encoder.block.{i}.layer.0", $"encoder.block.{i}.layer.1");
            foreach (var name in new[] { "q", "k", "v" })
                list.Linear($"{attention}.SelfAttention.{name}", heads * depth, width, bias: false);
            list.Linear($"{attention}.SelfAttention.o", width, heads * depth, bias: false);
            if (i == 0)
                list.Matrix($"{attention}.SelfAttention.relative_attention_bias.weight", buckets, heads);
            list.Gain($"{attention}.layer_norm.weight", width);
            list.Linear($"{feedForward}.DenseReluDense.wi_0", wide, width, bias: false);
            list.Linear($"{feedForward}.DenseReluDense.wi_1", wide, width, bias: false);
            list.Linear($"{feedForward}.DenseReluDense.wo", width, wide, bias: false);
            list.Gain($"{feedForward}.layer_norm.weight", width);
        }

        list.Gain("encoder.final_layer_norm.weight", width);
        return list.Tensors;
    }

    /// <summary>CLIPTextModel.</summary>
    public static IReadOnlyList<SkeletonTensor> ClipText(int layers, int width, int wide, int vocabulary, int positions)
    {
        var list = new TensorList();
        list.Matrix("text_model.embeddings.token_embedding.weight", vocabulary, width);
        list.Matrix("text_model.embeddings.position_embedding.weight", positions, width);
        for (var i = 0; i < layers; i++)
        {
            var layer = $"text_model.encoder.layers.{i}";
            foreach (var name in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
                list.Linear($"{layer}.self_attn.{name}", width, width);
            list.Norm($"{layer}.layer_norm1", width);
            list.Linear($"{layer}.mlp.fc1", wide, width);
            list.Linear($"{layer}.mlp.fc2", width, wide);
            list.Norm($"{layer}.layer_norm2", width);
        }

        list.Norm("text_model.final_layer_norm", width);
        return list.Tensors;
    }

    /// <summary>Attention as diffusers names it, queries from one width and keys from another.</summary>
    public static void Attention(TensorList list, string name, int width, int keyWidth, bool bias = true)
    {
        list.Linear($"{name}.to_q", width, width, bias);
        list.Linear($"{name}.to_k", width, keyWidth, bias);
        list.Linear($"{name}.to_v", width, keyWidth, bias);
        list.Linear($"{name}.to_out.0", width, width);
    }

    private static void FeedForward(TensorList list, string block, int width)
    {
        list.Linear($"{block}.ff.net.0.proj", Widening * width, width);
        list.Linear($"{block}.ff.net.2", width, Widening * width);
    }
}
