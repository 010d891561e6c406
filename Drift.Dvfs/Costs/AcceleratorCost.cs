using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// The paper's accelerator: a systolic array with SRAM, DRAM and a regulator. A product takes the array's closed form in cycles and energy in V^2; its checks run on the same array.
/// </summary>
/// <remarks>
/// Checks: expected row sums are A times the tile sums of W, M K ceil(N / T) MACs; expected column sums are the tile sums of A times W, N K ceil(M / T). They are
/// charged ceil(MACs / (R C)) cycles, the array fully occupied, and full energy. That counts both directions, about 2 / T of the product; the paper charges one, 1 / 32.
/// Observed sums take two additions an output. SRAM is read and written as <see cref="LayerCycles"/> counts it, operands a byte each, results four.
/// </remarks>
/// <param name="array">The array.</param>
/// <param name="energy">What each kind of work costs.</param>
/// <param name="dataflow">Which operand stays in the array.</param>
public sealed class AcceleratorCost(SystolicArray array, EnergyModel energy, Dataflow dataflow = Dataflow.OutputStationary) : ICostModel
{
    private const int ResultBytes = sizeof(int), DirectionsOfSums = 2;

    /// <inheritdoc/>
    public Cost Gemm(GemmShape shape, int tile, OperatingPoint point)
    {
        var checks = ChecksumMacs(shape, tile);
        var cycles = array.Cycles(shape, dataflow) + array.CyclesAtFullOccupancy(checks);
        var time = new Seconds(cycles / point.Frequency.Value);
        return new Cost(shape.Macs, checks, energy.Macs(shape.Macs, point.Voltage), energy.Macs(checks, point.Voltage), default, default, cycles, time)
        {
            LogicEnergy = tile == 0 ? default : energy.Additions(DirectionsOfSums * (long)shape.M * shape.N, point.Voltage),
            SramEnergy = energy.Sram(SramBytes(shape)),
            LeakageEnergy = energy.Leakage(time, point.Voltage),
        };
    }

    /// <inheritdoc/>
    public Cost Transfer(Bytes bytes, Traffic kind) => default(Cost) with { Moved = bytes, MemoryEnergy = energy.Transfer(bytes), Traffic = TrafficBytes.Of(kind, bytes) };

    /// <inheritdoc/>
    public Cost Stall(long cycles, OperatingPoint point)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cycles);
        var time = new Seconds(cycles / point.Frequency.Value);
        return default(Cost) with { Cycles = cycles, Time = time, LeakageEnergy = energy.Leakage(time, point.Voltage) };
    }

    /// <inheritdoc/>
    public Cost Transition(OperatingPoint from, OperatingPoint to)
    {
        if (from.Voltage == to.Voltage)
            return default;
        var (low, high) = (Math.Min(from.Voltage.Value, to.Voltage.Value), Math.Max(from.Voltage.Value, to.Voltage.Value));
        var time = energy.Settling(new Volts(high - low));
        return default(Cost) with
        {
            Time = time,
            Transitions = 1,
            TransitionEnergy = energy.Transition(from.Voltage, to.Voltage),
            LeakageEnergy = energy.Leakage(time, new Volts(high)),
        };
    }

    /// <summary>MACs of the expected line sums of a product: M K ceil(N / T) + N K ceil(M / T).</summary>
    /// <param name="shape">M, N and K.</param>
    /// <param name="tile">Edge of a tile; 0 gives 0.</param>
    public static long ChecksumMacs(GemmShape shape, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tile);
        var (m, n, k) = shape;
        return tile == 0 ? 0 : (long)m * k * SystolicArray.Folds(n, tile) + (long)n * k * SystolicArray.Folds(m, tile);
    }

    private Bytes SramBytes(GemmShape shape)
    {
        var layer = LayerCycles.Of(array, dataflow, shape);
        // What the tool's habit counts too many (LayerCycles) is not written, and costs nothing.
        var extra = dataflow == Dataflow.OutputStationary ? array.FoldCount(shape, dataflow) * (array.Rows + array.Columns) : 0;
        return new Bytes(layer.InputReads + layer.FilterReads + (layer.OutputWrites - extra) * ResultBytes);
    }
}
