namespace Drift.Kernels;

/// <summary>Where a pixel's channels stand.</summary>
public enum ChannelLayout
{
    /// <summary>[batch, height, width, channels], "NHWC": side by side. The kernels' own order.</summary>
    Last,

    /// <summary>[batch, channels, height, width], "NCHW": a plane apart. PyTorch's order.</summary>
    First,
}
