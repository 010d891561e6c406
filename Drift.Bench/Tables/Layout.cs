namespace Drift.Bench;

/// <summary>DRAM row activations of a tile, row-major and repacked.</summary>
internal sealed class Layout : ITable
{
    private const int Edge = 32, BurstRows = 8, ActivationsARow = 3;

    /// <inheritdoc/>
    public string Id => "layout";

    /// <inheritdoc/>
    public string Title => "DRAM row activations of a checkpointed tile";

    /// <inheritdoc/>
    public string About => "A 32 x 32 tile. Row-major each of its elements lies in another DRAM row, and takes three activations; repacked the tile lies together, eight elements an activation.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } = [Column.Setting("layout", "layout"), Column.Quoted("activations", "activations"), Column.ClosedForm("activations", "activations")];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        (string Name, int Count)[] layouts = [("row-major", ActivationsARow * Edge * Edge), ("repacked", Edge * Edge / BurstRows)];
        var (rows, rule) = (layouts.Select(layout => (IReadOnlyList<Cell>)[layout.Name, quoted.Find(layout.Name, "activations"), (double)layout.Count]).ToList(), new NumberRule(0, 300, "activations", "0"));
        return new TableResult(rows, [.. layouts.Select(layout => rule.Judge($"A {layout.Name} tile takes so many activations", quoted.Find(layout.Name, "activations"), layout.Count, ColumnKind.ClosedForm))],
            []);
    }
}
