using Drift.Kernels;

namespace Drift.Models;

/// <summary>diffusers' TimestepEmbedding behind its sinusoids: a number to cosines and sines, then two layers with SiLU between them.</summary>
internal sealed class TimestepEmbedder
{
    private const int Features = 256;

    private readonly LinearLayer _first, _second;

    /// <summary>Reads it.</summary>
    /// <param name="weights">The network's weights.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="role">Role of its layers.</param>
    /// <param name="index">Index of the first of them; the second has the next.</param>
    /// <param name="width">Values of an embedding.</param>
    public TimestepEmbedder(ModelWeights weights, string name, GemmRole role, int index, int width)
    {
        _first = LinearLayer.Read(weights, $"{name}.linear_1", new LayerKey(0, role, index), width, Features);
        _second = LinearLayer.Read(weights, $"{name}.linear_2", new LayerKey(0, role, index + 1), width, width);
    }

    /// <summary>Its layers, in the order of execution.</summary>
    public IEnumerable<LinearLayer> Layers => [_first, _second];

    /// <summary>Embeddings [numbers, width] in the step's workspace.</summary>
    /// <param name="numbers">A timestep, or any number that is embedded alike.</param>
    /// <param name="step">Where in the run this happens.</param>
    /// <param name="gemm">Computes the layers.</param>
    public Tensor Embed(ReadOnlySpan<double> numbers, StepContext step, IGemmUnit gemm)
    {
        var embedding = step.Workspace.Rent(numbers.Length, _second.N);
        using var scope = step.Workspace.Begin();
        var features = step.Workspace.Rent(numbers.Length, Features);
        for (var i = 0; i < numbers.Length; i++)
            Sinusoids.Timestep(numbers[i], features.Slice(i, 1).Span, shift: 0);
        var inner = step.Workspace.Rent(numbers.Length, _first.N);
        gemm.Linear(step, features, new Projection(_first, inner));
        Activation.Silu(inner.Span);
        gemm.Linear(step, inner, new Projection(_second, embedding));
        return embedding;
    }
}
