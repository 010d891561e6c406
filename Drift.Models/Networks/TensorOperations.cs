using Drift.Kernels;

namespace Drift.Models;

/// <summary>What networks do between their layers, where the values stand: on a device if an operand is there, else on the host. The bits are the host's (<see cref="ITensorDevice"/>).</summary>
internal static class TensorOperations
{
    /// <summary>x += y.</summary>
    /// <param name="x">Overwritten.</param>
    /// <param name="y">As many values.</param>
    public static void Add(Tensor x, Tensor y)
    {
        if (x.DeviceWith(y) is { } device)
            device.Add(x, y);
        else
            Activation.Add(x.Span, y.Span);
    }

    /// <summary>x += y in every row of a sample.</summary>
    /// <param name="x">[samples, .., width]; overwritten.</param>
    /// <param name="y">[samples, width].</param>
    public static void AddToRows(Tensor x, Tensor y)
    {
        if ((x.DeviceWith(y) ?? x.DeviceWith(x)) is { } device)
        {
            device.AddToRows(x, y);
            return;
        }

        for (var s = 0; s < x.Shape[0]; s++)
            Activation.AddToRows(x.Slice(s, 1).Span, y.Slice(s, 1).Span);
    }

    /// <summary><see cref="Activation.Silu(Span{float})"/>.</summary>
    /// <param name="x">Overwritten.</param>
    public static void Silu(Tensor x)
    {
        if (x.DeviceWith(x) is { } device)
            device.Silu(x);
        else
            Activation.Silu(x.Span);
    }

    /// <summary><see cref="Gelu.Gate"/>.</summary>
    /// <param name="wide">[.., 2 width].</param>
    /// <param name="gated">[.., width], overwritten.</param>
    public static void GateGelu(Tensor wide, Tensor gated)
    {
        if (wide.DeviceWith(gated) is { } device)
            device.GateGelu(wide, gated);
        else
            Gelu.Gate(wide.Span, gated.Columns, gated.Span);
    }

    /// <summary><see cref="LayerNorm.Affine"/>.</summary>
    /// <param name="x">[.., width].</param>
    /// <param name="gamma">width factors.</param>
    /// <param name="beta">width addends.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">As x; may be x.</param>
    public static void NormaliseRows(Tensor x, float[] gamma, float[] beta, float epsilon, Tensor y)
    {
        if (x.DeviceWith(y) is { } device)
            device.NormaliseRows(x, gamma, beta, epsilon, y);
        else
            LayerNorm.Affine(x.Span, gamma, beta, epsilon, y.Span);
    }

    /// <summary><see cref="GroupNorm"/>.</summary>
    /// <param name="x">[batch, .., channels].</param>
    /// <param name="groups">Groups of neighbouring channels.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">As x; may be x.</param>
    public static void NormaliseGroups(Tensor x, int groups, float[] gamma, float[] beta, float epsilon, Tensor y)
    {
        if (x.DeviceWith(y)?.TryNormaliseGroups(x, groups, gamma, beta, epsilon, y) != true)
            GroupNorm.Apply(x, groups, epsilon, gamma, beta, y);
    }

    /// <summary><see cref="ChannelOrder.Join"/>.</summary>
    /// <param name="first">[.., channels].</param>
    /// <param name="second">[.., channels].</param>
    /// <param name="target">[.., channels of both], overwritten.</param>
    public static void Join(Tensor first, Tensor second, Tensor target)
    {
        if (first.DeviceWith(second) is { } device)
            device.Join(first, second, target);
        else
            ChannelOrder.Join(first, second, target);
    }

    /// <summary><see cref="Resampling.Double"/>.</summary>
    /// <param name="small">[batch, height, width, channels].</param>
    /// <param name="large">[batch, 2 height or 1 less, 2 width or 1 less, channels], overwritten.</param>
    public static void Double(Tensor small, Tensor large)
    {
        if (small.DeviceWith(large) is { } device)
            device.Double(small, large);
        else
            Resampling.Double(small, large);
    }

    /// <summary><see cref="ChannelOrder.ToLast"/>, on a device wherever both may stand there: what comes next are layers.</summary>
    /// <param name="picture">[batch, channels, height, width].</param>
    /// <param name="target">[batch, height, width, channels], overwritten.</param>
    public static void ToLast(Tensor picture, Tensor target)
    {
        if (picture.DeviceFor(target) is { } device)
            device.Transpose(picture, picture.Shape[2] * picture.Shape[3], target);
        else
            ChannelOrder.ToLast(picture, target);
    }

    /// <summary><see cref="ChannelOrder.ToFirst"/>.</summary>
    /// <param name="picture">[batch, height, width, channels].</param>
    /// <param name="target">[batch, channels, height, width], overwritten.</param>
    public static void ToFirst(Tensor picture, Tensor target)
    {
        if (picture.DeviceWith(target) is { } device)
            device.Transpose(picture, picture.Columns, target);
        else
            ChannelOrder.ToFirst(picture, target);
    }
}
