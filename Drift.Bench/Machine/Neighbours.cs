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
