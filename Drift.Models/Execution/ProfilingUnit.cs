using System.Diagnostics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>Where the time of runs goes. Added to by many units, from any thread.</summary>
public sealed class Profile
{
    private readonly Dictionary<(string Kind, LayerKey? Layer), ProfileEntry> _entries = [];
    private readonly Lock _gate = new();
    private TimeSpan _total;

    /// <summary>Time inside products, convolutions and attention, by kind and layer; attention has no layer.</summary>
    public IReadOnlyList<ProfileEntry> Entries
    {
        get
        {
            lock (_gate)
                return [.. _entries.Values];
        }
    }

    /// <summary>All time of the units' lives: what is not in the entries went to norms, activations, embeddings and the sampler.</summary>
    public TimeSpan Total
    {
        get
        {
            lock (_gate)
                return _total;
        }
    }

    /// <summary>Takes a unit's times.</summary>
    /// <param name="entries">What it measured.</param>
    /// <param name="total">Its life.</param>
    internal void Add(IEnumerable<ProfileEntry> entries, TimeSpan total)
    {
        lock (_gate)
        {
            _total += total;
            foreach (var entry in entries)
            {
                var key = (entry.Kind, entry.Layer);
                _entries[key] = _entries.TryGetValue(key, out var sum) ? sum with { Calls = sum.Calls + entry.Calls, Macs = sum.Macs + entry.Macs, Time = sum.Time + entry.Time } : entry;
            }
        }
    }
}

/// <summary>The time of one layer, or of all attention.</summary>
/// <param name="Kind">The layer's role, or attention.</param>
/// <param name="Layer">The layer; null for attention.</param>
/// <param name="Calls">Products.</param>
/// <param name="Macs">Multiply-accumulates of all calls.</param>
/// <param name="Time">Time of all calls; layers that read the same input are timed together and share it by their multiply-accumulates.</param>
public sealed record ProfileEntry(string Kind, LayerKey? Layer, long Calls, long Macs, TimeSpan Time);

/// <summary>Times what another unit does. Serves one thread.</summary>
/// <param name="inner">Does it; disposed with this one where it is disposable.</param>
/// <param name="profile">Takes the times when this unit is disposed.</param>
public sealed class ProfilingUnit(IGemmUnit inner, Profile profile) : IGemmUnit, IDisposable
{
    private const string Attention = "Attention";

    private readonly Dictionary<(string, LayerKey?), ProfileEntry> _entries = [];
    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections)
    {
        ArgumentNullException.ThrowIfNull(input);
        var start = Stopwatch.GetTimestamp();
        inner.Linear(step, input, projections);
        var time = Stopwatch.GetElapsedTime(start);
        var columns = 0L;
        foreach (var projection in projections)
            columns += projection.Layer.N;
        foreach (var projection in projections)
            Note(projection.Layer.Key, Macs(input.Rows, projection.Layer), time * ((double)projection.Layer.N / columns));
    }

    /// <inheritdoc/>
    public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(output);
        var start = Stopwatch.GetTimestamp();
        inner.Convolve(step, input, layer, output);
        Note(layer.Linear.Key, Macs(output.Rows, layer.Linear), Stopwatch.GetElapsedTime(start));
    }

    /// <inheritdoc/>
    public void Attend(StepContext step, AttentionCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var start = Stopwatch.GetTimestamp();
        inner.Attend(step, call);
        Note(Attention, null, 2L * call.Queries.Length * call.KeyTokens, Stopwatch.GetElapsedTime(start));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (inner as IDisposable)?.Dispose();
        profile.Add(_entries.Values, Stopwatch.GetElapsedTime(_begun));
    }

    private static long Macs(int rows, LinearLayer layer) => (long)rows * layer.N * layer.K;

    private void Note(LayerKey layer, long macs, TimeSpan time) => Note(layer.Role.ToString(), layer, macs, time);

    private void Note(string kind, LayerKey? layer, long macs, TimeSpan time)
    {
        var sum = _entries.GetValueOrDefault((kind, layer)) ?? new ProfileEntry(kind, layer, 0, 0, TimeSpan.Zero);
        _entries[(kind, layer)] = sum with { Calls = sum.Calls + 1, Macs = sum.Macs + macs, Time = sum.Time + time };
    }
}
