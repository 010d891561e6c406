using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>A layer's weights in INT8, as one backend multiplies them.</summary>
/// <param name="Weights">Packed codes with their line sums.</param>
/// <param name="Scale">w scale, absmax / 127 of the whole tensor.</param>
/// <param name="Norms">N norms of the codes' rows, for the bounds of accumulators.</param>
public sealed record QuantisedLayer(GemmWeights Weights, float Scale, float[] Norms);

/// <summary>The INT8 forms of layers, made once for each checksum tile and shared by all threads.</summary>
/// <param name="backend">Multiplies them; stays the caller's.</param>
public sealed class QuantisedLayers(IGemmBackend backend) : IDisposable
{
    private readonly ConcurrentDictionary<(LinearLayer Layer, int Tile, bool Moments), Lazy<QuantisedLayer>> _layers = [];

    /// <summary>The backend that multiplies them.</summary>
    public IGemmBackend Backend => backend;

    /// <summary>A layer's INT8 form.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="tile">Edge of a checksum tile, or 0 for no checks.</param>
    /// <param name="moments">Whether products take position-weighted line sums too.</param>
    public QuantisedLayer Get(LinearLayer layer, int tile, bool moments = false) =>
        _layers.GetOrAdd((layer, tile, moments), static (key, owner) => new Lazy<QuantisedLayer>(() => owner.Quantise(key.Layer, key.Tile, key.Moments)), this).Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers.Values)
            layer.Value.Weights.Dispose();
    }

    private QuantisedLayer Quantise(LinearLayer layer, int tile, bool moments)
    {
        var scale = Quantizer.Scale(layer.Weight);
        var codes = new sbyte[layer.Weight.Length];
        Quantizer.Quantise(layer.Weight, layer.K, scale, codes, layer.K);
        var norms = new float[layer.N];
        RowNorms.Measure(codes, layer.K, layer.K, norms);
        return new QuantisedLayer(backend.Prepare(codes, layer.N, layer.K, tile, moments), scale, norms);
    }
}
