using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>A layer's weights in INT8, as one backend multiplies them.</summary>
/// <param name="Weights">Packed codes with their line sums.</param>
/// <param name="Scales">w scale of each output channel, absmax / 127 of the channel, or of the whole tensor where it has one for all.</param>
/// <param name="Norms">N norms of the codes' rows, for the bounds of accumulators.</param>
public sealed record QuantisedLayer(GemmWeights Weights, float[] Scales, float[] Norms);

/// <summary>The INT8 forms of layers, made once for each checksum tile and shared by all threads.</summary>
/// <param name="backend">Multiplies them; stays the caller's.</param>
/// <param name="groups">Which values share a scale, of weights and of the activations that they meet.</param>
public sealed class QuantisedLayers(IGemmBackend backend, ScaleGroups groups = ScaleGroups.PerTensor) : IDisposable
{
    private readonly ConcurrentDictionary<(LinearLayer Layer, ChecksumTiles Tiles), Lazy<QuantisedLayer>> _layers = [];

    /// <summary>The backend that multiplies them.</summary>
    public IGemmBackend Backend => backend;

    /// <summary>Which values share a scale.</summary>
    public ScaleGroups Groups => groups;

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
        var (rows, codes, scales) = (groups == ScaleGroups.PerTensor ? layer.N : 1, new sbyte[layer.Weight.Length], new float[layer.N]);
        for (var row = 0; row < layer.N; row += rows)
        {
            var share = layer.Weight.AsSpan(row * layer.K, rows * layer.K);
            var scale = Quantizer.Scale(share);
            scales.AsSpan(row, rows).Fill(scale);
            Quantizer.Quantise(share, layer.K, scale, codes.AsSpan(row * layer.K), layer.K);
        }

        var norms = new float[layer.N];
        RowNorms.Measure(codes, layer.K, layer.K, norms);
        return new QuantisedLayer(backend.Prepare(codes, layer.N, layer.K, tiles), scales, norms);
    }
}
