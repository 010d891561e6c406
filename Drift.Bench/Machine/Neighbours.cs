using System.Diagnostics;
using System.Globalization;

namespace Drift.Bench;

/// <summary>How many processors everything but this process keeps busy, from when it was made. Linux tells; elsewhere nothing is known.</summary>
internal sealed class Neighbours
{
    private const string StatFile = "/proc/stat";
    private const double TicksPerSecond = 100;

    private readonly long _since = Stopwatch.GetTimestamp();
    private readonly double? _busy = Busy();
    private readonly TimeSpan _own = Environment.CpuUsage.TotalTime;

    /// <summary>Processors in use by others, mean until now; null where nothing is known.</summary>
    public double? Processors() =>
        Busy() - _busy - (Environment.CpuUsage.TotalTime - _own).TotalSeconds is { } seconds ? Math.Max(0, seconds / Stopwatch.GetElapsedTime(_since).TotalSeconds) : null;

    /// <summary>Measures again while others take processors from the measured threads; the least disturbed measurement counts.</summary>
    /// <param name="attempts">Most measurements, at least 1.</param>
    /// <param name="threads">Threads that are measured.</param>
    /// <param name="measure">Measures.</param>
    /// <returns>The measurement, and the processors that others took from its threads; 0 where nothing is known.</returns>
    public static (T Measured, double Taken) Least<T>(int attempts, int threads, Func<T> measure)
    {
        var best = (Measured: default(T)!, Taken: double.PositiveInfinity);
        for (var attempt = 0; attempt < attempts && best.Taken > GemmResult.Bearable; attempt++)
        {
            var neighbours = new Neighbours();
            var measured = measure();
            // Where nothing is known about others, the first measurement is taken.
            var taken = Math.Max(0, neighbours.Processors() + threads - Environment.ProcessorCount ?? 0);
            if (taken < best.Taken)
                best = (measured, taken);
        }

        return best;
    }

    /// <summary>Seconds in which some processor worked, or was taken away by the host of a virtual machine.</summary>
    /// <param name="line">The first line of /proc/stat: cpu, then ticks as user, nice, system, idle, waiting for a disk, interrupts of two kinds, taken away.</param>
    public static double? BusySeconds(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] working = [1, 2, 3, 6, 7, 8];
        return fields.Length > working[^1] && fields[0] == "cpu"
            ? working.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture)) / TicksPerSecond
            : null;
    }

    private static double? Busy() => File.Exists(StatFile) ? BusySeconds(File.ReadLines(StatFile).First()) : null;
}
