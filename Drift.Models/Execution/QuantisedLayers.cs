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
    private readonly ConcurrentDictionary<(LinearLayer Layer, ChecksumTiles Tiles), Lazy<QuantisedLayer>> _layers = [];

    /// <summary>The backend that multiplies them.</summary>
    public IGemmBackend Backend => backend;

    /// <summary>A layer's INT8 form.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="tiles">Tiles of the checks.</param>
    public QuantisedLayer Get(LinearLayer layer, ChecksumTiles tiles) =>
        _layers.GetOrAdd((layer, tiles), static (key, owner) => new Lazy<QuantisedLayer>(() => owner.Quantise(key.Layer, key.Tiles)), this).Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers.Values)
            layer.Value.Weights.Dispose();
    }

    private QuantisedLayer Quantise(LinearLayer layer, ChecksumTiles tiles)
    {
        var scale = Quantizer.Scale(layer.Weight);
        var codes = new sbyte[layer.Weight.Length];
        Quantizer.Quantise(layer.Weight, layer.K, scale, codes, layer.K);
        var norms = new float[layer.N];
        RowNorms.Measure(codes, layer.K, layer.K, norms);
        return new QuantisedLayer(backend.Prepare(codes, layer.N, layer.K, tiles), scale, norms);
    }
}
