namespace Drift.Bench;

/// <summary>
/// Waits until this process computes nothing. Libraries let their threads spin after a call so that the next one finds them awake: ONNX Runtime for some 50 ms,
/// OpenBLAS for 100. It makes them faster, so they may; but the other side's turn must not begin on a core that still spins.
/// </summary>
internal static class Quiet
{
    private const int MostLooks = 200;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5), Idle = TimeSpan.FromMilliseconds(0.5);

    /// <summary>Waits, for a second at the most.</summary>
    public static void Wait()
    {
        var used = Environment.CpuUsage.TotalTime;
        for (var look = 0; look < MostLooks; look++)
        {
            Thread.Sleep(Look);
            var now = Environment.CpuUsage.TotalTime;
            if (now - used < Idle)
                return;
            used = now;
        }
    }
}
