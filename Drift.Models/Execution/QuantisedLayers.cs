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
/// <param name="cache">Keeps codes from run to run; null for nothing.</param>
public sealed class QuantisedLayers(IGemmBackend backend, ScaleGroups groups = ScaleGroups.PerTensor, IWeightCache? cache = null) : IDisposable
{
    /// <summary>Weights that are read at a time.</summary>
    private const int StripeValues = 1 << 18;

    private readonly ConcurrentDictionary<(LinearLayer Layer, ChecksumTiles Tiles), Lazy<QuantisedLayer>> _layers = [];
    private readonly ConcurrentBag<UnitMemory> _idle = [];
    private volatile bool _disposed;

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
        // What failed to be made holds nothing, and would fail here again.
        foreach (var layer in _layers.Values.Where(layer => layer.IsValueCreated))
            layer.Value.Weights.Dispose();
        _disposed = true;
        FreeIdle();
    }

    /// <summary>Memory for a unit that multiplies these; as much as units ever ran at once.</summary>
    internal UnitMemory Lend() => _idle.TryTake(out var memory) ? memory : new UnitMemory();

    /// <summary>Takes it back when the unit ends.</summary>
    /// <param name="memory">What was lent.</param>
    internal void Return(UnitMemory memory)
    {
        _idle.Add(memory);
        // Nobody frees what comes after.
        if (_disposed)
            FreeIdle();
    }

    /// <summary>The INT8 form of operands that change from call to call; the caller disposes its weights.</summary>
    /// <param name="weights">W.</param>
    /// <param name="tiles">Tiles of the checks.</param>
    public QuantisedLayer Prepare(WeightRows weights, ChecksumTiles tiles)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Prepare(weights, Codes(weights, groups), tiles);
    }

    private void FreeIdle()
    {
        while (_idle.TryTake(out var memory))
            memory.Dispose();
    }

    private QuantisedLayer Quantise(LinearLayer layer, ChecksumTiles tiles) =>
        Prepare(layer.Weight, cache?.Get(layer.Weight, groups, () => Codes(layer.Weight, groups)) ?? Codes(layer.Weight, groups), tiles);

    private QuantisedLayer Prepare(WeightRows weights, QuantisedCodes quantised, ChecksumTiles tiles)
    {
        var norms = new float[weights.N];
        RowNorms.Measure(quantised.Codes, weights.K, weights.K, norms);
        return new QuantisedLayer(backend.Prepare(quantised.Codes, weights.N, weights.K, tiles), quantised.Scales, norms);
    }

    /// <summary>Weights to codes, a stripe of rows at a time, so that a layer's fp32 form never stands in memory whole.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="groups">Which of them share a scale.</param>
    public static QuantisedCodes Codes(WeightRows weights, ScaleGroups groups)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var (codes, scales) = (new sbyte[checked(weights.N * weights.K)], new float[weights.N]);
        var stripe = new float[Math.Min(weights.N, Math.Max(1, StripeValues / weights.K)) * weights.K];
        ForEachStripe(weights, stripe, (row, values) =>
        {
            for (var i = 0; i * weights.K < values.Length; i++)
                scales[row + i] = Quantizer.Scale(values.Slice(i * weights.K, weights.K));
        });
        if (groups == ScaleGroups.PerTensor)
            Array.Fill(scales, scales.Max());
        ForEachStripe(weights, stripe, (row, values) =>
        {
            for (var i = 0; i * weights.K < values.Length; i++)
                Quantizer.Quantise(values.Slice(i * weights.K, weights.K), weights.K, scales[row + i], codes.AsSpan((row + i) * weights.K), weights.K);
        });
        return new QuantisedCodes(codes, scales);
    }

    private static void ForEachStripe(WeightRows weights, float[] stripe, Action<int, ReadOnlySpan<float>> take)
    {
        var rows = stripe.Length / weights.K;
        for (var row = 0; row < weights.N; row += rows)
        {
            var values = stripe.AsSpan(0, Math.Min(rows, weights.N - row) * weights.K);
            weights.Read(row, values);
            take(row, values);
        }
    }
}
