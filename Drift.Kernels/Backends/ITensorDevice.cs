namespace Drift.Kernels;

/// <summary>What travelled between the host and a device.</summary>
/// <param name="RoundTrips">Times that the host waited for values of the device: those of a tensor, or reports.</param>
/// <param name="FetchedBytes">What they held.</param>
/// <param name="Sends">Times that the host sent something, which it does not wait for.</param>
/// <param name="SentBytes">What they held. Weights, which are sent once, are not counted.</param>
public readonly record struct DeviceTraffic(long RoundTrips, long FetchedBytes, long Sends, long SentBytes)
{
    /// <summary>What travelled between two moments.</summary>
    /// <param name="after">The later one.</param>
    /// <param name="before">The earlier one.</param>
    public static DeviceTraffic operator -(DeviceTraffic after, DeviceTraffic before) =>
        new(after.RoundTrips - before.RoundTrips, after.FetchedBytes - before.FetchedBytes, after.Sends - before.Sends, after.SentBytes - before.SentBytes);
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
    IResidentProducts OpenProducts();

    /// <summary>Y = X W^T + bias in fp32: <see cref="FloatGemm"/>. The weights go up once and stay.</summary>
    /// <param name="input">X; its last extent is K.</param>
    /// <param name="weights">Packed W.</param>
    /// <param name="bias">N values, or empty for none.</param>
    /// <param name="output">Y, of as many rows.</param>
    /// <exception cref="ArgumentException">The operands do not fit together, or the weights are rounded to bf16.</exception>
    void Linear(Tensor input, FloatWeights weights, float[] bias, Tensor output);

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

    /// <summary><see cref="Gelu.Tanh(Span{float})"/> in place.</summary>
    /// <param name="values">Any values; overwritten.</param>
    void GeluTanh(Tensor values);

    /// <summary>Attention without biases, causal masks, checks or flips.</summary>
    /// <param name="call">Operands, heads and which keys are there.</param>
    /// <returns>False, and nothing done, for a call with any of those.</returns>
    bool TryAttend(AttentionCall call);
}
