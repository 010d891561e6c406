using System.Diagnostics;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Libtorch;

/// <summary>Forward passes of a DiT, a guided picture to each thread, as <c>compare</c> and <c>generate</c> draw them.</summary>
internal sealed class Ours : IDisposable
{
    private readonly DiTTransformer2D _network;
    private readonly Strategy? _strategy;
    private readonly Platform _platform;
    private readonly QuantisedLayers _layers;
    private readonly RowMemory _memory = new();
    private readonly Lane[] _lanes;

    /// <param name="network">The network.</param>
    /// <param name="strategy">How its layers are executed; null for fp32.</param>
    /// <param name="layers">INT8 forms, the caller's.</param>
    /// <param name="rate">Hits per output element.</param>
    /// <param name="energy">File of energies, which every product is charged at.</param>
    /// <param name="threads">Pictures at a time.</param>
    public Ours(DiTTransformer2D network, Strategy? strategy, QuantisedLayers layers, double rate, string energy, int threads)
    {
        (_network, _strategy, _layers) = (network, strategy, layers);
        _platform = new Platform(new ErrorModel(new FixedRate(rate)), new AcceleratorCost(new SystolicArray(), EnergyModel.Load(energy)));
        _lanes = [.. Enumerable.Range(0, threads).Select(i => new Lane(new PictureRun(new PictureRequest((ulong)i, new ClassSubject(0))), new Workspace()))];
    }

    /// <summary>One step of all pictures.</summary>
    /// <param name="step">Its index.</param>
    /// <param name="profile">Takes the time of each kind of work; null for nobody.</param>
    /// <returns>Seconds.</returns>
    public double Step(int step, Profile? profile = null)
    {
        var clock = Stopwatch.StartNew();
        Parallel.ForEach(_lanes, new ParallelOptions { MaxDegreeOfParallelism = _lanes.Length }, lane =>
        {
            IGemmUnit unit = _strategy is null ? new FloatUnit(_memory) : lane.Unit ??= new GuardedGemm(_platform, _strategy, _layers, [lane.Run], _memory);
            if (profile is not null)
                unit = new ProfilingUnit(new Kept(unit), profile);
            var (channels, height, width) = _network.LatentShape;
            using var scope = lane.Workspace.Begin();
            var latent = new Tensor(2, channels, height, width);
            GaussianNoise.Fill(lane.Run.FaultSeed, latent.Span);
            _network.Predict(latent, new StepContext(step, 500, lane.Workspace), new Conditioning([0, _network.Classes]), unit);
            (unit as ProfilingUnit)?.Dispose();
        });
        return clock.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Unit?.Dispose();
            lane.Run.Dispose();
        }    }

    private sealed record Lane(PictureRun Run, Workspace Workspace)
    {
        public GuardedGemm? Unit { get; set; }
    }

    /// <summary>A unit that outlives the one around it.</summary>
    private sealed class Kept(IGemmUnit inner) : IGemmUnit
    {
        public void Linear(StepContext step, Tensor input, params ReadOnlySpan<Projection> projections) => inner.Linear(step, input, projections);

        public void Convolve(StepContext step, Tensor input, ConvolutionLayer layer, Tensor output) => inner.Convolve(step, input, layer, output);

        public void Attend(StepContext step, AttentionCall call) => inner.Attend(step, call);
    }
}
