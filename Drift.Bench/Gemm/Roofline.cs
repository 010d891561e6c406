using System.Diagnostics;
using System.Runtime.Intrinsics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>The most that the measured threads multiply in a type: the instruction on registers alone. Measured.</summary>
/// <param name="Type">int8, fp32 or bf16.</param>
/// <param name="Rate">Billions of operations a second.</param>
internal sealed record RoofPeak(string Type, double Rate);

/// <summary>How fast the measured threads read. Measured.</summary>
/// <param name="Bytes">Bytes that each reads again and again: what of them fits which cache decides.</param>
/// <param name="Rate">Billions of bytes a second.</param>
internal sealed record RoofBandwidth(long Bytes, double Rate);

/// <summary>A product under the roof. Measured.</summary>
/// <param name="Result">Its speed.</param>
/// <param name="Intensity">Operations a byte of its operands and its result, each counted once.</param>
/// <param name="Share">Of the type's peak.</param>
internal sealed record RoofPoint(GemmResult Result, double Intensity, double? Share);

/// <summary>What <c>drift bench roofline</c> finds.</summary>
internal sealed record RooflineReport(IReadOnlyDictionary<string, object?> Machine, int Threads, IReadOnlyList<RoofPeak> Peaks, IReadOnlyList<RoofBandwidth> Bandwidths, IReadOnlyList<RoofPoint> Points);

/// <summary>Measures this machine's roofs.</summary>
internal static class Roofline
{
    // Below half a second-level cache, far above it, and far above any third-level one.
    private static readonly long[] Sizes = [256L << 10, 8L << 20, 256L << 20];
    private const int Rounds = 15;
    private const long BytesOfRound = 64L << 20;

    /// <summary>The peak of each type that has one.</summary>
    /// <param name="threads">Threads at work at once.</param>
    /// <param name="notes">Takes what is missing, and why.</param>
    public static IReadOnlyList<RoofPeak> Peaks(int threads, List<string> notes)
    {
        var peaks = new List<RoofPeak>();
        foreach (var type in PeakLoop.Types)
        {
            using var loop = PeakLoop.TryOpen(type, out var missing);
            if (loop is null)
                notes.Add($"{type}: {missing}");
            else
                peaks.Add(new RoofPeak(type, threads * loop.Operations * 1e-9 / Seconds(threads, _ => loop.Run())));
        }

        return peaks;
    }

    /// <summary>Reading speeds, small to large.</summary>
    /// <param name="threads">Threads at work at once, each with memory of its own.</param>
    public static IReadOnlyList<RoofBandwidth> Bandwidths(int threads) => [.. Sizes.Select(size =>
    {
        List<AlignedBuffer<float>> buffers = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer<float>((int)(size / sizeof(float))))];
        foreach (var buffer in buffers)
            buffer.Span.Fill(1);
        var passes = (int)Math.Max(1, BytesOfRound / size);
        var sums = new float[threads];
        var seconds = Seconds(threads, thread =>
        {
            for (var pass = 0; pass < passes; pass++)
                sums[thread] += Read(buffers[thread]);
        });
        foreach (var buffer in buffers)
            buffer.Dispose();
        return new RoofBandwidth(size, threads * passes * size * 1e-9 / seconds);
    })];

    /// <summary>Where a product stands.</summary>
    public static RoofPoint Point(GemmResult result, IEnumerable<RoofPeak> peaks)
    {
        double m = result.M, n = result.N, k = result.K;
        var bytes = result.Type switch { "int8" => m * k + n * k + 4 * m * n, "bf16" => 4 * m * k + 2 * n * k + 4 * m * n, _ => 4 * (m * k + n * k + m * n) };
        return new RoofPoint(result, 2 * m * n * k / bytes, result.Ours / peaks.FirstOrDefault(peak => peak.Type == result.Type)?.Rate);
    }

    /// <summary>The shortest of some rounds, all threads together: a roof is what is possible, not what is usual.</summary>
    private static double Seconds(int threads, Action<int> run)
    {
        var best = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            using var start = new Barrier(threads);
            var times = new double[threads];
            void Live(int thread)
            {
                run(thread);
                start.SignalAndWait();
                var since = Stopwatch.GetTimestamp();
                run(thread);
                times[thread] = Stopwatch.GetElapsedTime(since).TotalSeconds;
            }

            List<Thread> others = [.. Enumerable.Range(1, threads - 1).Select(thread => new Thread(() => Live(thread)))];
            others.ForEach(thread => thread.Start());
            Live(0);
            others.ForEach(thread => thread.Join());
            best = Math.Min(best, times.Max());
        }

        return best;
    }

    private static unsafe float Read(AlignedBuffer<float> buffer)
    {
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var lanes = Vector512<float>.Count;
        float* from = buffer.Pointer, end = from + buffer.Span.Length;
        for (; from < end; from += 4 * lanes)
        {
            a += Vector512.Load(from);
            b += Vector512.Load(from + lanes);
            c += Vector512.Load(from + 2 * lanes);
            d += Vector512.Load(from + 3 * lanes);
        }

        return Vector512.Sum(a + b + (c + d));
    }
}
