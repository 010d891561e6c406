namespace Drift.Dvfs;

/// <summary>
/// The paper's closed forms of energy over weight-access energy (DRIFT, arXiv 2604.09073, quoted), with b = 64. k is compute over weight-access energy at
/// 0.9 V, p the rate per element that the voltage brings. They are models apart from this library's ledger, and reproduce the paper's tables.
/// </summary>
public static class ClosedForms
{
    /// <summary>The edge b of a tile in the paper's forms.</summary>
    public const int Block = 64;

    /// <summary>What one checksum direction adds to compute.</summary>
    private const double Checksums = 1.0 / 32;

    /// <summary>What checkpoints add to traffic: each output once in ten steps.</summary>
    private const double Offload = 0.1;

    /// <summary>Probability that a tile of b x b holds a hit element: P = 1 - (1 - p)^(b b).</summary>
    /// <param name="p">Rate per element, 0..1.</param>
    /// <param name="b">Edge of the tile, at least 1.</param>
    public static double TileProbability(double p, int b = Block) => Trials.AnyOf(p, (double)b * b);

    /// <summary>Compute with checks: c = k (V / 0.9)^2 (1 + 1/32).</summary>
    /// <param name="k">Compute over weight-access energy.</param>
    /// <param name="voltage">Supply voltage.</param>
    public static double CheckedCompute(double k, Volts voltage) => Compute(k, voltage) * (1 + Checksums);

    /// <summary>Share of lines fetched for mending: 1 - (1 - p)^64 - (1 - p)^4095 p 64.</summary>
    /// <param name="p">Rate per element, 0..1.</param>
    public static double LineRatio(double p) => Trials.AnyOf(p, Block) - Trials.NoneOf(p, Block * Block - 1) * p * Block;

    /// <summary>Dual modular redundancy: 1 + 2 k (V / 0.9)^2 + k P.</summary>
    /// <param name="k">Compute over weight-access energy.</param>
    /// <param name="voltage">Supply voltage.</param>
    /// <param name="p">Rate per element at that voltage, 0..1.</param>
    public static double Dmr(double k, Volts voltage, double p) => 1 + 2 * Compute(k, voltage) + k * TileProbability(p);

    /// <summary>Statistical ABFT, which recomputes at the nominal voltage: 1 + c + c (0.9 / V)^2 P.</summary>
    /// <param name="k">Compute over weight-access energy.</param>
    /// <param name="voltage">Supply voltage.</param>
    /// <param name="p">Rate per element at that voltage, 0..1.</param>
    public static double StatAbft(double k, Volts voltage, double p)
    {
        var c = CheckedCompute(k, voltage);
        return 1 + c + c / Squared(voltage) * TileProbability(p);
    }

    /// <summary>Rollback-ABFT: 1.1 + c + line ratio.</summary>
    /// <param name="k">Compute over weight-access energy.</param>
    /// <param name="voltage">Supply voltage.</param>
    /// <param name="p">Rate per element at that voltage, 0..1.</param>
    public static double Ours(double k, Volts voltage, double p) => 1 + Offload + CheckedCompute(k, voltage) + LineRatio(p);

    private static double Compute(double k, Volts voltage) => k * Squared(voltage);

    private static double Squared(Volts voltage)
    {
        var relative = voltage.Value / OperatingPoint.Nominal.Voltage.Value;
        return relative * relative;
    }
}
