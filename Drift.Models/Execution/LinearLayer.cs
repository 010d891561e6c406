using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A fully connected layer as trained, immutable, shared by all threads. Its weights may stay in their file: a run holds the forms that it multiplies by, packed fp32 or INT8, and not
/// the weights besides.
/// </summary>
public sealed class LinearLayer
{
    private WeightRows _weight;
    private readonly Lazy<FloatWeights> _packed;

    /// <summary>Keeps weights in memory.</summary>
    /// <param name="key">Block, role and index: the layer's identity everywhere.</param>
    /// <param name="weight">W [N, K] row-major.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <exception cref="ArgumentException">A length disagrees with N or K.</exception>
    public LinearLayer(LayerKey key, float[] weight, float[] bias, int n, int k)
        : this(key, new HeldRows(weight, n, k), bias)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Length != (long)n * k)
            throw new ArgumentException($"{key}: {n} x {k} weights need {(long)n * k} values, not {weight.Length}", nameof(weight));
    }

    /// <summary>Reads weights when they are needed.</summary>
    /// <param name="key">Block, role and index: the layer's identity everywhere.</param>
    /// <param name="weight">W.</param>
    /// <param name="bias">N values, or empty.</param>
    /// <exception cref="ArgumentException">The bias disagrees with N.</exception>
    public LinearLayer(LayerKey key, WeightRows weight, float[] bias)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(bias);
        if (bias.Length != 0 && bias.Length != weight.N)
            throw new ArgumentException($"{key}: the bias needs {weight.N} values or none, not {bias.Length}", nameof(bias));
        (Key, _weight, Bias) = (key, weight, bias);
        _packed = new Lazy<FloatWeights>(() => FloatGemm.Pack(_weight.ReadAll(), N, K));
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
        return new LinearLayer(key, weights.Rows($"{name}.weight", n, k), bias ? weights.Read($"{name}.bias", n) : []);
    }

    /// <summary>Block, role and index.</summary>
    public LayerKey Key { get; }

    /// <summary>W [N, K] in memory from now on, to be changed before anything is packed or quantised: for experiments on weights.</summary>
    internal float[] EditWeight()
    {
        var held = _weight as HeldRows ?? new HeldRows(_weight.ReadAll(), N, K);
        _weight = held;
        return held.Values;
    }

    /// <summary>W, row by row.</summary>
    public WeightRows Weight => _weight;

    /// <summary>N values, or empty.</summary>
    public float[] Bias { get; }

    /// <summary>Output features.</summary>
    public int N => _weight.N;

    /// <summary>Input features.</summary>
    public int K => _weight.K;

    /// <summary>The weights packed for the fp32 product, made on first use.</summary>
    public FloatWeights Packed => _packed.Value;
}
