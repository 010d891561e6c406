using Drift.Kernels.Ilgpu;

namespace Drift.Kernels;

/// <summary>One candidate of a search.</summary>
/// <param name="Choice">Group size and fp32 family.</param>
/// <param name="Int8">GOP/s of the INT8 product.</param>
/// <param name="Float">GFLOP/s of the fp32 product.</param>
/// <param name="Kept">Whether it is the best.</param>
public sealed record TuningTrial(string Choice, double Int8, double Float, bool Kept);

/// <summary>A small search for what suits a device: group sizes first, then the fp32 family at the best of them. The best is kept in a file and used from then on.</summary>
public static class DeviceTuner
{
    private const int Edge = 512, Rounds = 5, BlockThreads = 256, MostTimes = 1000;
    private const double RoundSeconds = 5e-3;

    private static readonly int[] GroupSizes = [8, 16, 32, 64, 128];

    /// <summary>Where choices are kept; null where this user has no folder for such.</summary>
    public static string? File => TuningFile.OfUser().Path;

    /// <summary>Searches, and keeps what it finds.</summary>
    /// <param name="name">One of <see cref="Backends.Devices"/>.</param>
    /// <param name="clock">Tells the time.</param>
    /// <param name="edge">Edge of the products that are timed.</param>
    /// <returns>All candidates, in order.</returns>
    /// <exception cref="BackendUnavailableException">The device is absent.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static IReadOnlyList<TuningTrial> Run(string name, TimeProvider clock, int edge = Edge)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(edge, 1);
        string key;
        int most;
        bool isGpu;
        using (var device = IlgpuDevice.Open(name, ILGPU.OptimizationLevel.O2))
            (key, most, isGpu) = (device.Key, device.Accelerator.MaxNumThreadsPerGroup, device.IsGpu);
        List<(DeviceTuning Tuning, double Int8, double Float)> trials = [];
        foreach (var size in GroupSizes.Select(size => Math.Min(size, most)).Distinct())
            trials.Add(Time(name, new DeviceTuning(size, FloatForm.Direct), clock, edge));
        if (most >= BlockThreads)
        {
            // A block's group has a size of its own. What remains are kernels of one value an item, for which a GPU wants whole warps, whatever suits its direct products.
            var size = isGpu ? DeviceTuning.Shipped(isGpu).GroupSize : trials.MinBy(trial => trial.Int8 + trial.Float).Tuning.GroupSize;
            trials.Add(Time(name, new DeviceTuning(size, FloatForm.Block), clock, edge));
        }

        var best = trials.MinBy(trial => trial.Int8 + trial.Float).Tuning;
        TuningFile.OfUser().Keep(key, best);
        double Speed(double seconds) => 2e-9 * edge * edge * edge / seconds;
        return [.. trials.Select(trial => new TuningTrial(
            $"groups of {trial.Tuning.GroupSize}, fp32 {trial.Tuning.Float.ToString().ToLowerInvariant()}", Speed(trial.Int8), Speed(trial.Float), trial.Tuning == best))];
    }

    private static (DeviceTuning Tuning, double Int8, double Float) Time(string name, DeviceTuning tuning, TimeProvider clock, int edge)
    {
        using var device = new IlgpuBackend(name, tuning: tuning);
        var codes = new sbyte[edge * edge];
        var values = new float[edge * edge];
        using var weights = device.Prepare(codes, edge, edge, ChecksumTiles.None);
        using var int8 = device.Int8(new GemmCall(codes, edge, edge, weights));
        using var floats = device.Float(values, values, new GemmShape(edge, edge, edge), 0);
        return (tuning, Best(int8.Run, clock), Best(floats.Run, clock));
    }

    /// <summary>The best of some rounds, the first of which loads code and is not counted.</summary>
    private static double Best(Action<int> run, TimeProvider clock)
    {
        run(1);
        var first = clock.GetTimestamp();
        run(1);
        // Queued together, so that the wait at the end is small beside them.
        var times = (int)Math.Clamp(Math.Ceiling(RoundSeconds / Math.Max(clock.GetElapsedTime(first).TotalSeconds, RoundSeconds / MostTimes)), 1, MostTimes);
        var best = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var start = clock.GetTimestamp();
            run(times);
            best = Math.Min(best, clock.GetElapsedTime(start).TotalSeconds / times);
        }

        return best;
    }
}
