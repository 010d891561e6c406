using Drift.Models;

namespace Drift.Tests;

/// <summary>The tensors of a diffusers DiT by name and shape, so that loading is tested apart from the network.</summary>
internal static class OneBlock
{
    public static int Load(string folder)
    {
        var config = ModelConfig.Read(Path.Combine(folder, "config.json"));
        config.RequireClass("DiTTransformer2DModel");
        return ModelWeights.Load(folder, weights => Parameters(config, weights));
    }

    private static int Parameters(ModelConfig config, ModelWeights weights)
    {
        var width = config.Integer("num_attention_heads", 16) * config.Integer("attention_head_dim", 72);
        var channels = config.Integer("in_channels", 4);
        var patch = config.Integer("patch_size", 2);
        var classes = config.Integer("num_embeds_ada_norm", 1000);
        var total = weights.Read("pos_embed.proj.weight", width, channels, patch, patch).Length + weights.Read("pos_embed.proj.bias", width).Length;
        for (var block = 0; block < config.Integer("num_layers", 28, least: 0); block++)
        {
            var name = $"transformer_blocks.{block}";
            foreach (var role in new[] { "to_q", "to_k", "to_v", "to_out.0" })
                total += Linear($"{name}.attn1.{role}", width, width);
            total += Linear($"{name}.ff.net.0.proj", 4 * width, width) + Linear($"{name}.ff.net.2", width, 4 * width);
            total += Linear($"{name}.norm1.linear", 6 * width, width);
            total += Linear($"{name}.norm1.emb.timestep_embedder.linear_1", width, 256) + Linear($"{name}.norm1.emb.timestep_embedder.linear_2", width, width);
            total += weights.Read($"{name}.norm1.emb.class_embedder.embedding_table.weight", classes + 1, width).Length;
        }

        return total + Linear("proj_out_1", 2 * width, width)
            + Linear("proj_out_2", patch * patch * (config.OptionalInteger("out_channels") ?? channels), width);

        int Linear(string name, int n, int k) => weights.Read($"{name}.weight", n, k).Length + weights.Read($"{name}.bias", n).Length;
    }
}
