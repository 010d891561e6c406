using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>What a product takes on an array that never waits: closed forms, under SCALE-Sim's names and with its habits (data/fixtures/cycles, README).</summary>
/// <param name="FormulaCycles">Cycles without stalls; SCALE-Sim reports one less, the number of the last cycle.</param>
/// <param name="MappingPercent">Share of processing elements that hold something, over the folds.</param>
/// <param name="ComputePercent">Share of processing elements times cycles of a fold that multiply; SCALE-Sim's fold of the stationary dataflows is C - 1 cycles longer here.</param>
/// <param name="InputReads">Reads of the first operand's SRAM.</param>
/// <param name="FilterReads">Reads of the second operand's SRAM.</param>
/// <param name="OutputWrites">Writes of the result's SRAM; with outputs stationary R + C a fold too many, as the tool counts.</param>
public readonly record struct LayerCycles(long FormulaCycles, double MappingPercent, double ComputePercent, long InputReads, long FilterReads, long OutputWrites)
{
    /// <summary>A product on an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="dataflow">Which operand stays.</param>
    /// <param name="shape">M, N and K, each at least 1.</param>
    public static LayerCycles Of(SystolicArray array, Dataflow dataflow, GemmShape shape)
    {
        ArgumentNullException.ThrowIfNull(array);
        var (m, n, k) = ((long)shape.M, (long)shape.N, (long)shape.K);
        long r = array.Rows, c = array.Columns, folds = array.FoldCount(shape, dataflow), streamed = SystolicArray.Streamed(shape, dataflow);
        var stationary = dataflow != Dataflow.OutputStationary;
        var mapping = 100.0 * (m * n * k / streamed) / (folds * r * c);
        var compute = mapping * streamed / (streamed + (stationary ? 2 * r + 2 * c - 3 : r + c - 2));
        var (input, filter, output) = dataflow switch
        {
            Dataflow.OutputStationary => (m * k * SystolicArray.Folds(n, c), n * k * SystolicArray.Folds(m, r), m * n + folds * (r + c)),
            Dataflow.WeightStationary => (m * k * SystolicArray.Folds(n, c), n * k, m * n * SystolicArray.Folds(k, r)),
            _ => (m * k, n * k * SystolicArray.Folds(m, c), m * n * SystolicArray.Folds(k, r)),
        };
        return new LayerCycles(array.Cycles(shape, dataflow), mapping, compute, input, filter, output);
    }
}
