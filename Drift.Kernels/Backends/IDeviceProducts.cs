namespace Drift.Kernels;

/// <summary>Products whose operands stay on a device: sent once, multiplied as often as wanted. For what is timed, and for layers whose values never visit the host.</summary>
public interface IDeviceProducts : IDisposable
{
    /// <summary>The backend's name.</summary>
    string Name { get; }

    /// <summary>The device's own name and size, and the kernels at work.</summary>
    string Detail { get; }

    /// <summary>The device for other libraries' work, where it is CUDA's; else null.</summary>
    ICudaDevice? Cuda { get; }

    /// <summary>Whether the device has <see cref="Halves"/>.</summary>
    bool MultipliesHalves { get; }

    /// <inheritdoc cref="IGemmBackend.Prepare"/>
    GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles);

    /// <summary>Sends an INT8 product; its results are those of <see cref="IGemmBackend.Multiply"/>.</summary>
    /// <param name="call">A, and weights of this device.</param>
    /// <param name="faults">Flips.</param>
    /// <exception cref="ArgumentException">The weights were prepared elsewhere, or a flip lies outside the product.</exception>
    IDeviceProduct<GemmOutput> Int8(in GemmCall call, FaultPlan faults = default);

    /// <summary>Sends an INT8 product of fp32 activations, which are quantised in every run, the checks' own sums of them made in the same pass where the device's kernels can.</summary>
    /// <param name="activations">A [M, K], row-major without gaps.</param>
    /// <param name="largest">The largest magnitude of them, finite and at least 0: the scale is a 127th of it.</param>
    /// <param name="weights">Weights of this device.</param>
    /// <param name="faults">Flips.</param>
    /// <exception cref="ArgumentException">The weights were prepared elsewhere, the activations are no whole rows, or a flip lies outside the product.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A magnitude that is none.</exception>
    IDeviceProduct<GemmOutput> Quantised(ReadOnlySpan<float> activations, float largest, GemmWeights weights, FaultPlan faults = default);

    /// <summary>Sends an fp32 product C = A W^T; C has the bits of <see cref="FloatBackend"/>'s.</summary>
    /// <param name="a">A [M, K], row-major without gaps.</param>
    /// <param name="w">W [N, K], row-major without gaps.</param>
    /// <param name="shape">M, N and K.</param>
    /// <param name="tile">Edge of a checksum tile, a multiple of 16; 0 for no sums.</param>
    /// <param name="faults">Flips, of the bits of floats.</param>
    /// <exception cref="ArgumentException">A span has another length, no product can be summed in such tiles, or a flip lies outside the product.</exception>
    IDeviceProduct<FloatOutput> Float(ReadOnlySpan<float> a, ReadOnlySpan<float> w, GemmShape shape, int tile, FaultPlan faults = default);

    /// <summary>Sends an fp16 product C = A W^T into fp32, on tensor cores, which add in an order and with a rounding of their own: C is that of fp32 within a bound that grows with K. No sums.</summary>
    /// <param name="a">A [M, K], row-major without gaps.</param>
    /// <param name="w">W [N, K], row-major without gaps.</param>
    /// <param name="shape">M, N and K.</param>
    /// <param name="faults">Flips, of the bits of C's floats.</param>
    /// <exception cref="ArgumentException">A span has another length, or a flip lies outside the product.</exception>
    /// <exception cref="BackendUnavailableException">The device has no tensor cores.</exception>
    IDeviceProduct<FloatOutput> Halves(ReadOnlySpan<Half> a, ReadOnlySpan<Half> w, GemmShape shape, FaultPlan faults = default);

    /// <summary>Sends a group's fp32 convolution; its windows are gathered on the device in every run.</summary>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="filters">The group's filters over the window [filters, K].</param>
    /// <param name="shape">The convolution, with channels last.</param>
    /// <param name="group">Which group, from 0.</param>
    /// <param name="tile">Edge of a checksum tile, a multiple of 16; 0 for no sums.</param>
    /// <param name="faults">Flips of the group's product.</param>
    /// <exception cref="ArgumentException">A span has another length, there is no such convolution, or no product can be summed in such tiles.</exception>
    IDeviceProduct<FloatOutput> Convolve(ReadOnlySpan<float> input, ReadOnlySpan<float> filters, ConvolutionShape shape, int group, int tile, FaultPlan faults = default);
}

/// <summary>A product on a device. Its operands may be multiplied again and again.</summary>
/// <typeparam name="TOutput">What takes the results.</typeparam>
public interface IDeviceProduct<in TOutput> : IDisposable
{
    /// <summary>Multiplies, and returns when the device is done. A GPU's product can take less than waiting for it: what is timed is queued several times and waited for once.</summary>
    /// <param name="times">How often, at least once.</param>
    void Run(int times = 1);

    /// <summary>Fetches results and sums of the last run.</summary>
    /// <param name="output">Takes them.</param>
    void Read(TOutput output);
}
