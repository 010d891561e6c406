using Drift.Kernels;

namespace Drift.Models;

/// <summary>A fully connected layer as trained: fp32 weights, immutable, shared by all threads.</summary>
public sealed class LinearLayer
{
    private readonly Lazy<FloatWeights> _packed;

    /// <summary>Keeps the weights.</summary>
    /// <param name="key">Block, role and index: the layer's identity everywhere.</param>
    /// <param name="weight">W [N, K] row-major.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <exception cref="ArgumentException">A length disagrees with N or K.</exception>
    public LinearLayer(LayerKey key, float[] weight, float[] bias, int n, int k)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(bias);
        if (weight.Length != (long)n * k)
            throw new ArgumentException($"{key}: {n} x {k} weights need {(long)n * k} values, not {weight.Length}", nameof(weight));
        if (bias.Length != 0 && bias.Length != n)
            throw new ArgumentException($"{key}: the bias needs {n} values or none, not {bias.Length}", nameof(bias));
        (Key, Weight, Bias, N, K) = (key, weight, bias, n, k);
        _packed = new Lazy<FloatWeights>(() => FloatGemm.Pack(Weight, N, K));
    }

    /// <summary>Reads a layer under the names that PyTorch gives its parts: <c>name.weight</c> and <c>name.bias</c>.</summary>
    /// <param name="weights">A folder's weights.</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="key">Block, role and index.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <param name="bias">Whether it has a bias.</param>
    /// <exception cref="ModelFormatException">A tensor has another shape or holds NaN or infinity.</exception>
    public static LinearLayer Read(ModelWeights weights, string name, LayerKey key, int n, int k, bool bias = true)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return new LinearLayer(key, weights.Read($"{name}.weight", n, k), bias ? weights.Read($"{name}.bias", n) : [], n, k);
    }

    /// <summary>Block, role and index.</summary>
    public LayerKey Key { get; }

    /// <summary>W [N, K] row-major.</summary>
    public float[] Weight { get; }

    /// <summary>N values, or empty.</summary>
    public float[] Bias { get; }

    /// <summary>Output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    /// <summary>The weights packed for the fp32 product, made on first use.</summary>
    public FloatWeights Packed => _packed.Value;
}
