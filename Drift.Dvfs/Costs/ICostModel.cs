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
    Cost Transfer(Bytes bytes);
}
