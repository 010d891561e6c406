using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Charges work in cycles and joules. Immutable, for all threads.</summary>
public interface ICostModel
{
    /// <summary>A product on operands that are already on the chip.</summary>
    /// <param name="shape">M, N and K.</param>
    /// <param name="tile">Edge of a checksum tile; 0 for a product without checks.</param>
    /// <param name="point">Where it executes.</param>
    Cost Gemm(GemmShape shape, int tile, OperatingPoint point);

    /// <summary>A transfer between DRAM and the chip; the memory has a supply of its own, so no operating point enters.</summary>
    /// <param name="bytes">Bytes moved, at least 0.</param>
    /// <param name="kind">What they are.</param>
    Cost Transfer(Bytes bytes, Traffic kind);

    /// <summary>The array standing still.</summary>
    /// <param name="cycles">For how long, at least 0.</param>
    /// <param name="point">Where it stands.</param>
    Cost Stall(long cycles, OperatingPoint point);

    /// <summary>The supply going from one point to another while the array waits; nothing where the voltage stays.</summary>
    /// <param name="from">The point before.</param>
    /// <param name="to">The point after.</param>
    Cost Transition(OperatingPoint from, OperatingPoint to);
}
