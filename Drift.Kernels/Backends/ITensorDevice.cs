namespace Drift.Kernels;

/// <summary>What travelled between the host and a device.</summary>
/// <param name="RoundTrips">Times that the host waited for values of the device: those of a tensor, or reports.</param>
/// <param name="FetchedBytes">What they held.</param>
/// <param name="Sends">Times that the host sent something, which it does not wait for.</param>
/// <param name="SentBytes">What they held. Weights, which are sent once, are not counted.</param>
public readonly record struct DeviceTraffic(long RoundTrips, long FetchedBytes, long Sends, long SentBytes)
{
    /// <summary>Bytes of checkpoints that left for the host's memory beside what the device computed; not in the others.</summary>
    public long OffloadedBytes { get; init; }

    /// <summary>Bytes of checkpoints that came back so.</summary>
    public long RestoredBytes { get; init; }

    /// <summary>What travelled between two moments.</summary>
    /// <param name="after">The later one.</param>
    /// <param name="before">The earlier one.</param>
    public static DeviceTraffic operator -(DeviceTraffic after, DeviceTraffic before) =>
        new(after.RoundTrips - before.RoundTrips, after.FetchedBytes - before.FetchedBytes, after.Sends - before.Sends, after.SentBytes - before.SentBytes)
        {
            OffloadedBytes = after.OffloadedBytes - before.OffloadedBytes, RestoredBytes = after.RestoredBytes - before.RestoredBytes,
        };
}

/// <summary>Where the checkpoints of a device's products live.</summary>
public enum CheckpointPlace
{
    /// <summary>In the device's own memory.</summary>
    Device,

    /// <summary>In page-locked memory of the host: they travel on a queue of their own beside the one that computes.</summary>
    Host,
}

/// <summary>
/// Computes with tensors where they stand: those of its own workspaces stay on the device from one operation to the next. Operations are queued and done in order. Safe for use by several threads,
/// each with tensors of its own. Floats are summed in the host's order; where a device rounds each step as the host does, the bits are the host's.
/// </summary>
public interface ITensorDevice
{
    /// <summary>What has travelled since the device was opened.</summary>
    DeviceTraffic Traffic { get; }

    /// <summary>Opens scratch memory whose tensors may stand on the device.</summary>
    Workspace OpenWorkspace();

    /// <summary>Opens guarded products for one thread.</summary>
    /// <param name="place">Where their checkpoints live; no bit depends on it.</param>
    IResidentProducts OpenProducts(CheckpointPlace place = CheckpointPlace.Device);

    /// <summary>Y = X W^T + bias in fp32: <see cref="FloatGemm"/>. The weights go up once and stay.</summary>
    /// <param name="input">X; its last extent is K.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty for none.</param>
    /// <param name="output">Y, of as many rows.</param>
    /// <exception cref="ArgumentException">The operands do not fit together, or the weights are rounded to bf16.</exception>
    void Linear(Tensor input, FloatWeights weights, float[] bias, Tensor output);

    /// <summary>Y = X * W + bias in fp32: <see cref="FloatConvolution"/>. The filters go up once and stay.</summary>
    /// <param name="input">X, [batch, height, width, channels].</param>
    /// <param name="shape">The convolution, of one group, with channels last.</param>
    /// <param name="filters">Packed W over the window.</param>
    /// <param name="bias">A value a filter, or empty.</param>
    /// <param name="output">Y, [batch, out height, out width, filters].</param>
    /// <exception cref="ArgumentException">The operands do not fit together, the filters are rounded to bf16, or there are several groups.</exception>
    void Convolve(Tensor input, ConvolutionShape shape, FloatWeights filters, float[] bias, Tensor output);

    /// <summary>Layer normalisation with learned factors: <see cref="LayerNorm.Affine"/>. They go up once and stay.</summary>
    /// <param name="input">x, [.., width].</param>
    /// <param name="gamma">width factors.</param>
    /// <param name="beta">width addends.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As x; may be x.</param>
    /// <exception cref="ArgumentException">The operands do not fit together.</exception>
    void NormaliseRows(Tensor input, float[] gamma, float[] beta, float epsilon, Tensor output);

    /// <summary>Group normalisation: <see cref="GroupNorm"/>. Factors go up once and stay.</summary>
    /// <param name="input">x, [batch, .., channels].</param>
    /// <param name="groups">Groups of neighbouring channels; divides the channels.</param>
    /// <param name="gamma">A factor a channel.</param>
    /// <param name="beta">An addend a channel.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As x; may be x.</param>
    /// <returns>False, and nothing done, on a device that has no fp64.</returns>
    /// <exception cref="ArgumentException">The operands do not fit together.</exception>
    bool TryNormaliseGroups(Tensor input, int groups, float[] gamma, float[] beta, float epsilon, Tensor output);

    /// <summary>norm(x) x (1 + scale) + shift for each row: <see cref="LayerNorm.Modulate"/> with shifts and scales of each sample.</summary>
    /// <param name="input">x, [samples, tokens, width].</param>
    /// <param name="parts">[samples, parts x width].</param>
    /// <param name="shift">The part that is the shift; the scale follows it.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As x; may be x.</param>
    void Modulate(Tensor input, Tensor parts, int shift, float epsilon, Tensor output);

    /// <summary>x += gate x branch: <see cref="GatedSum"/> with gates of each sample.</summary>
    /// <param name="values">x, [samples, tokens, width]; overwritten.</param>
    /// <param name="branch">As x.</param>
    /// <param name="parts">[samples, parts x width].</param>
    /// <param name="gate">The part that is the gate.</param>
    void AddGated(Tensor values, Tensor branch, Tensor parts, int gate);

    /// <summary>x += y.</summary>
    /// <param name="values">x; overwritten.</param>
    /// <param name="other">y, as many values.</param>
    void Add(Tensor values, Tensor other);

    /// <summary>x += y in every row of a sample: <see cref="Activation.AddToRows"/>.</summary>
    /// <param name="values">x, [samples, .., width]; overwritten.</param>
    /// <param name="addends">y, [samples, width].</param>
    /// <exception cref="ArgumentException">The operands do not fit together.</exception>
    void AddToRows(Tensor values, Tensor addends);

    /// <summary><see cref="Gelu.Tanh(Span{float})"/> in place.</summary>
    /// <param name="values">Any values; overwritten.</param>
    void GeluTanh(Tensor values);

    /// <summary>Each row's first half times the exact GELU of its second half: <see cref="Gelu.Gate"/>.</summary>
    /// <param name="values">[.., 2 width].</param>
    /// <param name="output">[.., width], overwritten.</param>
    /// <exception cref="ArgumentException">The operands do not fit together.</exception>
    void GateGelu(Tensor values, Tensor output);

    /// <summary><see cref="Activation.Silu(Span{float})"/> in place.</summary>
    /// <param name="values">Any values; overwritten.</param>
    void Silu(Tensor values);

    /// <summary><see cref="ChannelOrder.Join"/>.</summary>
    /// <param name="first">[.., channels].</param>
    /// <param name="second">[.., channels], as many pixels.</param>
    /// <param name="target">[.., channels of both], overwritten.</param>
    /// <exception cref="ArgumentException">The pictures do not fit together.</exception>
    void Join(Tensor first, Tensor second, Tensor target);

    /// <summary><see cref="Resampling.Double"/>.</summary>
    /// <param name="small">[batch, height, width, channels].</param>
    /// <param name="large">[batch, 2 height or 1 less, 2 width or 1 less, channels], overwritten.</param>
    /// <exception cref="ArgumentException">The output has another shape.</exception>
    void Double(Tensor small, Tensor large);

    /// <summary>Rows become columns, in each picture: both ways of <see cref="ChannelOrder"/>.</summary>
    /// <param name="source">[pictures, rows x columns in any shape].</param>
    /// <param name="columns">Columns.</param>
    /// <param name="target">As many values, overwritten.</param>
    /// <exception cref="ArgumentException">The operands do not fit together.</exception>
    void Transpose(Tensor source, int columns, Tensor target);

    /// <summary>Attention without biases, causal masks, checks or flips.</summary>
    /// <param name="call">Operands, heads and which keys are there.</param>
    /// <returns>False, and nothing done, for a call with any of those.</returns>
    bool TryAttend(AttentionCall call);
}
