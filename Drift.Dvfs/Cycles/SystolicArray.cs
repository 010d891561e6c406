using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Which operand stays in the array while the others stream through it.</summary>
public enum Dataflow
{
    /// <summary>Each processing element keeps one output.</summary>
    OutputStationary,

    /// <summary>Each processing element keeps one weight.</summary>
    WeightStationary,

    /// <summary>Each processing element keeps one activation.</summary>
    InputStationary,
}

/// <summary>How one fold follows another.</summary>
public enum FoldOrder
{
    /// <summary>Each fold is filled and drained before the next begins: SCALE-Sim's order.</summary>
    Serial,

    /// <summary>
    /// The next fold flows in behind the last element of this one, while this one's results still leave. It takes a second register in every processing element, and is no
    /// part of SCALE-Sim.
    /// </summary>
    Overlapped,
}

/// <summary>
/// A systolic array without stalls. Closed forms that equal SCALE-Sim 3.0.0's cycles plus one (the tool counts from 0) with folds in serial, in data/fixtures/cycles.
/// </summary>
public sealed record SystolicArray
{
    /// <summary>An array of R x C processing elements, one MAC each a cycle.</summary>
    /// <param name="rows">R, at least 1; the paper's is 32.</param>
    /// <param name="columns">C, at least 1; the paper's is 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">An edge below 1.</exception>
    public SystolicArray(int rows = 32, int columns = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        (Rows, Columns) = (rows, columns);
    }

    /// <summary>R, processing elements from top to bottom.</summary>
    public int Rows { get; }

    /// <summary>C, processing elements from left to right.</summary>
    public int Columns { get; }

    /// <summary>
    /// Cycles of a product. Output-stationary: ceil(M/R) ceil(N/C) (K + R + C - 2). Weight-stationary: ceil(K/R) ceil(N/C) (2R + C + M - 2).
    /// Input-stationary: ceil(K/R) ceil(M/C) (2R + C + N - 2). Overlapped, every fold but the last takes max(T, R) instead, T being the streamed extent K, M or N:
    /// a fold's stream must have passed, and its results or its operand must have moved through R rows, before the next one's may follow.
    /// </summary>
    /// <param name="shape">M, N and K, each at least 1.</param>
    /// <param name="dataflow">Which operand stays.</param>
    /// <param name="order">How one fold follows another.</param>
    public long Cycles(GemmShape shape, Dataflow dataflow = Dataflow.OutputStationary, FoldOrder order = FoldOrder.Serial)
    {
        var (folds, each) = (FoldCount(shape, dataflow), FoldCycles(shape, dataflow));
        return order == FoldOrder.Serial ? folds * each : (folds - 1) * Math.Max(Streamed(shape, dataflow), Rows) + each;
    }

    /// <summary>Cycles of MACs that keep every processing element busy: ceil(MACs / (R C)).</summary>
    /// <param name="macs">Multiply-accumulates, at least 0.</param>
    public long CyclesAtFullOccupancy(long macs) => Folds(macs, (long)Rows * Columns);

    /// <summary>How often the array is filled for a product.</summary>
    /// <param name="shape">M, N and K, each at least 1.</param>
    /// <param name="dataflow">Which operand stays.</param>
    public long FoldCount(GemmShape shape, Dataflow dataflow) => dataflow switch
    {
        Dataflow.OutputStationary => Folds(shape.M, Rows) * Folds(shape.N, Columns),
        Dataflow.WeightStationary => Folds(shape.K, Rows) * Folds(shape.N, Columns),
        Dataflow.InputStationary => Folds(shape.K, Rows) * Folds(shape.M, Columns),
        _ => throw new ArgumentOutOfRangeException(nameof(dataflow), dataflow, "no such dataflow"),
    };

    /// <summary>Cycles of one fold from its first operand to its last result.</summary>
    /// <param name="shape">M, N and K, each at least 1.</param>
    /// <param name="dataflow">Which operand stays.</param>
    public long FoldCycles(GemmShape shape, Dataflow dataflow) =>
        Streamed(shape, dataflow) + (dataflow == Dataflow.OutputStationary ? 1L : 2L) * Rows + Columns - 2;

    /// <summary>The extent that streams through: K, M or N.</summary>
    internal static int Streamed(GemmShape shape, Dataflow dataflow) => dataflow switch
    {
        Dataflow.OutputStationary => shape.K,
        Dataflow.WeightStationary => shape.M,
        _ => shape.N,
    };

    /// <summary>How often an extent must be folded: ceil(extent / edge).</summary>
    internal static long Folds(long extent, long edge) => (extent + edge - 1) / edge;
}
