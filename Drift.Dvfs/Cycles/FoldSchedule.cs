using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>
/// Which element each operand asks for in which cycle: column folds outermost, row folds within, each fold filled and drained before the next. The three
/// streams of a fold, cycle by cycle, are those of SCALE-Sim 3.0.0.
/// </summary>
/// <param name="array">The array.</param>
/// <param name="dataflow">Which operand stays.</param>
/// <param name="shape">M, N and K.</param>
internal sealed class FoldSchedule(SystolicArray array, Dataflow dataflow, GemmShape shape)
{
    private readonly int _rowExtent = dataflow == Dataflow.OutputStationary ? shape.M : shape.K;
    private readonly int _columnExtent = dataflow == Dataflow.InputStationary ? shape.M : shape.N;

    /// <summary>Folds along the array's rows.</summary>
    public int RowFolds => (int)SystolicArray.Folds(_rowExtent, array.Rows);

    /// <summary>Folds along the array's columns.</summary>
    public int ColumnFolds => (int)SystolicArray.Folds(_columnExtent, array.Columns);

    /// <summary>Cycles of one fold.</summary>
    public int Cycles => checked((int)array.FoldCycles(shape, dataflow));

    /// <summary>True where the first operand's lanes are rows m of the product and its steps columns k; else the other way round.</summary>
    public bool InputLanesAreRows => dataflow != Dataflow.WeightStationary;

    /// <summary>True where the second operand's lanes are outputs n and its steps columns k; else the other way round.</summary>
    public bool FilterLanesAreOutputs => dataflow != Dataflow.InputStationary;

    /// <summary>What the first operand asks for.</summary>
    public DemandStream Input(int rowFold, int columnFold) => dataflow switch
    {
        Dataflow.OutputStationary => DemandStream.Flowing(Rows(rowFold), 0, shape.K),
        Dataflow.WeightStationary => DemandStream.Flowing(Rows(rowFold), array.Rows, shape.M),
        _ => DemandStream.Filling(Columns(columnFold), Rows(rowFold), array.Rows),
    };

    /// <summary>What the second operand asks for.</summary>
    public DemandStream Filter(int rowFold, int columnFold) => dataflow switch
    {
        Dataflow.OutputStationary => DemandStream.Flowing(Columns(columnFold), 0, shape.K),
        Dataflow.WeightStationary => DemandStream.Filling(Columns(columnFold), Rows(rowFold), array.Rows),
        _ => DemandStream.Flowing(Rows(rowFold), array.Rows, shape.N),
    };

    /// <summary>What leaves the array.</summary>
    public DemandStream Output(int rowFold, int columnFold) => dataflow switch
    {
        Dataflow.OutputStationary => DemandStream.Leaving(Columns(columnFold), Rows(rowFold), array.Rows, shape.K - 1),
        Dataflow.WeightStationary => DemandStream.Flowing(Columns(columnFold), 2 * array.Rows - 1, shape.M),
        _ => DemandStream.Flowing(Columns(columnFold), 2 * array.Rows - 1, shape.N),
    };

    private Fold Rows(int fold) => Fold.Of(fold, array.Rows, _rowExtent);

    private Fold Columns(int fold) => Fold.Of(fold, array.Columns, _columnExtent);
}
