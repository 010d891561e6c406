namespace Drift.Bench;

/// <summary>Tensors of the UNet of Stable Diffusion 1 and of its autoencoder, as published checkpoints name them.</summary>
internal static class ConvolutionalTensors
{
    private const int TimeWidening = 4, FeedForwardWidening = 4;

    /// <summary>UNet2DConditionModel; every level but the last has transformers, as in Stable Diffusion 1.</summary>
    public static IReadOnlyList<SkeletonTensor> UNet(IReadOnlyList<int> widths, int layers, int textWidth, int channels)
    {
        var list = new TensorList();
        var time = TimeWidening * widths[0];
        list.Linear("time_embedding.linear_1", time, widths[0]);
        list.Linear("time_embedding.linear_2", time, time);
        list.Convolution("conv_in", widths[0], channels);
        var last = widths.Count - 1;
        var left = new Stack<int>([widths[0]]);
        for (var level = 0; level <= last; level++)
        {
            var block = $"down_blocks.{level}";
            for (var i = 0; i < layers; i++)
            {
                Residual(list, $"{block}.resnets.{i}", i == 0 ? left.Peek() : widths[level], widths[level], time);
                if (level < last)
                    Transformer(list, $"{block}.attentions.{i}", widths[level], textWidth);
                left.Push(widths[level]);
            }

            if (level == last)
                continue;
            list.Convolution($"{block}.downsamplers.0.conv", widths[level], widths[level]);
            left.Push(widths[level]);
        }

        Residual(list, "mid_block.resnets.0", widths[last], widths[last], time);
        Transformer(list, "mid_block.attentions.0", widths[last], textWidth);
        Residual(list, "mid_block.resnets.1", widths[last], widths[last], time);
        var width = widths[last];
        for (var place = 0; place <= last; place++)
        {
            var (block, level) = ($"up_blocks.{place}", last - place);
            for (var i = 0; i <= layers; i++)
            {
                Residual(list, $"{block}.resnets.{i}", width + left.Pop(), widths[level], time);
                if (place > 0)
                    Transformer(list, $"{block}.attentions.{i}", widths[level], textWidth);
                width = widths[level];
            }

            if (level > 0)
                list.Convolution($"{block}.upsamplers.0.conv", width, width);
        }

        list.Norm("conv_norm_out", widths[0]);
        list.Convolution("conv_out", channels, widths[0]);
        return list.Tensors;
    }

    /// <summary>AutoencoderKL with attention in the middle and both quantisation convolutions.</summary>
    public static IReadOnlyList<SkeletonTensor> Autoencoder(IReadOnlyList<int> widths, int layers, int pictureChannels, int latentChannels)
    {
        var list = new TensorList();
        var last = widths.Count - 1;
        list.Convolution("encoder.conv_in", widths[0], pictureChannels);
        var width = widths[0];
        for (var level = 0; level <= last; level++)
        {
            var block = $"encoder.down_blocks.{level}";
            width = Residuals(list, block, layers, width, widths[level]);
            if (level < last)
                list.Convolution($"{block}.downsamplers.0.conv", width, width);
        }

        Middle(list, "encoder", width);
        list.Norm("encoder.conv_norm_out", width);
        list.Convolution("encoder.conv_out", 2 * latentChannels, width);
        list.Convolution("decoder.conv_in", width, latentChannels);
        Middle(list, "decoder", width);
        for (var place = 0; place <= last; place++)
        {
            var block = $"decoder.up_blocks.{place}";
            width = Residuals(list, block, layers + 1, width, widths[last - place]);
            if (place < last)
                list.Convolution($"{block}.upsamplers.0.conv", width, width);
        }

        list.Norm("decoder.conv_norm_out", width);
        list.Convolution("decoder.conv_out", pictureChannels, width);
        list.Convolution("quant_conv", 2 * latentChannels, 2 * latentChannels, kernel: 1);
        list.Convolution("post_quant_conv", latentChannels, latentChannels, kernel: 1);
        return list.Tensors;
    }

    private static int Residuals(TensorList list, string block, int count, int inChannels, int outChannels)
    {
        for (var i = 0; i < count; i++)
            Residual(list, $"{block}.resnets.{i}", i == 0 ? inChannels : outChannels, outChannels);
        return outChannels;
    }

    private static void Middle(TensorList list, string side, int width)
    {
        Residual(list, $"{side}.mid_block.resnets.0", width, width);
        list.Norm($"{side}.mid_block.attentions.0.group_norm", width);
        TransformerTensors.Attention(list, $"{side}.mid_block.attentions.0", width, width);
        Residual(list, $"{side}.mid_block.resnets.1", width, width);
    }

    private static void Residual(TensorList list, string name, int inChannels, int outChannels, int time = 0)
    {
        list.Norm($"{name}.norm1", inChannels);
        list.Convolution($"{name}.conv1", outChannels, inChannels);
        if (time > 0)
            list.Linear($"{name}.time_emb_proj", outChannels, time);
        list.Norm($"{name}.norm2", outChannels);
        list.Convolution($"{name}.conv2", outChannels, outChannels);
        if (inChannels != outChannels)
            list.Convolution($"{name}.conv_shortcut", outChannels, inChannels, kernel: 1);
    }

    private static void Transformer(TensorList list, string name, int width, int textWidth)
    {
        var block = $"{name}.transformer_blocks.0";
        list.Norm($"{name}.norm", width);
        list.Convolution($"{name}.proj_in", width, width, kernel: 1);
        list.Norm($"{block}.norm1", width);
        TransformerTensors.Attention(list, $"{block}.attn1", width, width, bias: false);
        list.Norm($"{block}.norm2", width);
        TransformerTensors.Attention(list, $"{block}.attn2", width, textWidth, bias: false);
        list.Norm($"{block}.norm3", width);
        list.Linear($"{block}.ff.net.0.proj", 2 * FeedForwardWidening * width, width);
        list.Linear($"{block}.ff.net.2", width, FeedForwardWidening * width);
        list.Convolution($"{name}.proj_out", width, width, kernel: 1);
    }
}
