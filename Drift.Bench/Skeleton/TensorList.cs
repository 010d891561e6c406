namespace Drift.Bench;

/// <summary>A tensor of a skeleton: its values are uniform around a centre.</summary>
/// <param name="Name">As diffusers or transformers call it.</param>
/// <param name="Shape">Extents, outermost first.</param>
/// <param name="Centre">Middle of the values.</param>
/// <param name="Spread">Largest distance from it.</param>
internal sealed record SkeletonTensor(string Name, IReadOnlyList<int> Shape, float Centre, float Spread)
{
    /// <summary>Number of values.</summary>
    public long Count => Shape.Aggregate(1L, (count, extent) => count * extent);
}

/// <summary>The tensors of a network, in the terms that networks are described in.</summary>
internal sealed class TensorList
{
    private const float BiasSpread = 0.02f, GainSpread = 0.1f;
    private readonly List<SkeletonTensor> _tensors = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<SkeletonTensor> Tensors => _tensors;

    /// <summary>A linear layer, whose weights keep the variance of what it reads.</summary>
    public void Linear(string name, int n, int k, bool bias = true)
    {
        Matrix($"{name}.weight", n, k);
        if (bias)
            Bias($"{name}.bias", n);
    }

    /// <summary>A convolution with bias.</summary>
    public void Convolution(string name, int outChannels, int inChannels, int kernel = 3)
    {
        Matrix($"{name}.weight", outChannels, inChannels, kernel, kernel);
        Bias($"{name}.bias", outChannels);
    }

    /// <summary>A norm with gain and bias.</summary>
    public void Norm(string name, int width)
    {
        Gain($"{name}.weight", width);
        Bias($"{name}.bias", width);
    }

    /// <summary>Factors around 1.</summary>
    public void Gain(string name, int width) => _tensors.Add(new SkeletonTensor(name, [width], 1, GainSpread));

    /// <summary>A table or matrix of its own name; variance 1 over the product of all extents but the first.</summary>
    public void Matrix(string name, params IReadOnlyList<int> shape) =>
        _tensors.Add(new SkeletonTensor(name, shape, 0, MathF.Sqrt(3f / shape.Skip(1).Aggregate(1, (product, extent) => product * extent))));

    private void Bias(string name, int width) => _tensors.Add(new SkeletonTensor(name, [width], 0, BiasSpread));
}
