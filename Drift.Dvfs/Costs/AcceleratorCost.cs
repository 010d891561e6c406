using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// The paper's accelerator: a systolic array with DRAM. A product takes the array's closed form in cycles and energy in V^2; its checks run on the same array.
/// </summary>
/// <remarks>
/// Checks: expected row sums are A times the tile sums of W, M K ceil(N / T) MACs; expected column sums are the tile sums of A times W, N K ceil(M / T). They are
/// charged ceil(MACs / (R C)) cycles, the array fully occupied, and full energy. That counts both directions, about 2 / T of the product; the paper charges one, 1 / 32.
/// </remarks>
/// <param name="array">The array.</param>
/// <param name="energy">Energy of a MAC and of a byte.</param>
/// <param name="dataflow">Which operand stays in the array.</param>
public sealed class AcceleratorCost(SystolicArray array, EnergyModel energy, Dataflow dataflow = Dataflow.OutputStationary) : ICostModel
{
    /// <inheritdoc/>
    public Cost Gemm(GemmShape shape, int tile, OperatingPoint point)
    {
        var checks = ChecksumMacs(shape, tile);
        var cycles = array.Cycles(shape, dataflow) + array.CyclesAtFullOccupancy(checks);
        return new Cost(shape.Macs, checks, energy.Macs(shape.Macs, point.Voltage), energy.Macs(checks, point.Voltage), default, default, cycles,
            new Seconds(cycles / point.Frequency.Value));
    }

    /// <inheritdoc/>
    public Cost Transfer(Bytes bytes) => default(Cost) with { Moved = bytes, MemoryEnergy = energy.Transfer(bytes) };

    /// <summary>MACs of the expected line sums of a product: M K ceil(N / T) + N K ceil(M / T).</summary>
    /// <param name="shape">M, N and K.</param>
    /// <param name="tile">Edge of a tile; 0 gives 0.</param>
    public static long ChecksumMacs(GemmShape shape, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        var (m, n, k) = shape;
        return tile == 0 ? 0 : (long)m * k * SystolicArray.Folds(n, tile) + (long)n * k * SystolicArray.Folds(m, tile);
    }
}
