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

/// <summary>
/// A systolic array without stalls, each fold filled and drained before the next. Closed forms that equal SCALE-Sim 3.0.0's cycles plus one (the tool counts
/// from 0), in data/fixtures/cycles.
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
    /// Input-stationary: ceil(K/R) ceil(M/C) (2R + C + N - 2).
    /// </summary>
    /// <param name="shape">M, N and K, each at least 1.</param>
    /// <param name="dataflow">Which operand stays.</param>
    public long Cycles(GemmShape shape, Dataflow dataflow = Dataflow.OutputStationary)
    {
        var (m, n, k) = shape;
        long r = Rows, c = Columns;
        return dataflow switch
        {
            Dataflow.OutputStationary => Folds(m, Rows) * Folds(n, Columns) * (k + r + c - 2),
            Dataflow.WeightStationary => Folds(k, Rows) * Folds(n, Columns) * (2 * r + c + m - 2),
            Dataflow.InputStationary => Folds(k, Rows) * Folds(m, Columns) * (2 * r + c + n - 2),
            _ => throw new ArgumentOutOfRangeException(nameof(dataflow), dataflow, "no such dataflow"),
        };
    }

    /// <summary>Cycles of MACs that keep every processing element busy: ceil(MACs / (R C)).</summary>
    /// <param name="macs">Multiply-accumulates, at least 0.</param>
    public long CyclesAtFullOccupancy(long macs) => (macs + (long)Rows * Columns - 1) / ((long)Rows * Columns);

    /// <summary>How often an extent must be folded: ceil(extent / edge).</summary>
    internal static long Folds(int extent, int edge) => ((long)extent + edge - 1) / edge;
}
