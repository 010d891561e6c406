namespace Drift.Dvfs;

/// <summary>Makes curves on a lattice monotone without moving the points that are known.</summary>
internal static class MonotoneLattice
{
    /// <summary>
    /// Holds each clock between what the table's points allow (a point with a higher rate at a higher voltage has at least this clock, one with a lower rate at a lower voltage at
    /// most), then lets no clock fall along the voltage or along the rate. Both steps leave the table's own points where they are.
    /// </summary>
    /// <param name="logClock">ln f by rate and voltage; changed in place.</param>
    /// <param name="rates">The rates, ascending.</param>
    /// <param name="volts">The voltages, ascending.</param>
    /// <param name="points">The table.</param>
    public static void Fit(double[][] logClock, double[] rates, double[] volts, IReadOnlyList<(OperatingPoint Point, double Rate)> points)
    {
        for (var rate = 0; rate < rates.Length; rate++)
        {
            for (var at = 0; at < volts.Length; at++)
            {
                var (lower, upper) = (double.NegativeInfinity, double.PositiveInfinity);
                foreach (var ((voltage, frequency), known) in points)
                {
                    if (known <= rates[rate] && voltage.Value <= volts[at])
                        lower = Math.Max(lower, Math.Log(frequency.Value));
                    if (known >= rates[rate] && voltage.Value >= volts[at])
                        upper = Math.Min(upper, Math.Log(frequency.Value));
                }

                logClock[rate][at] = Math.Max(lower, Math.Min(upper, logClock[rate][at]));
                logClock[rate][at] = Math.Max(logClock[rate][at],
                    Math.Max(rate > 0 ? logClock[rate - 1][at] : double.NegativeInfinity, at > 0 ? logClock[rate][at - 1] : double.NegativeInfinity));
            }
        }
    }
}
