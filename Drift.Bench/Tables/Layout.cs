namespace Drift.Bench;

/// <summary>DRAM row activations of a tile, row-major and repacked.</summary>
internal sealed class Layout : ITable
{
    private const int Edge = 32, RowMajor = 3, Repacked = 8;

    /// <inheritdoc/>
    public string Id => "layout";

    /// <inheritdoc/>
    public string Title => "DRAM row activations of a checkpointed tile";

    /// <inheritdoc/>
    public string About => "A 32 x 32 tile: 3 x 32 x 32 row-major, 32 x 32 / 8 repacked, as the notes on the paper have it. This is its arithmetic; nothing here counts addresses.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } = [Column.Setting("layout", "layout"), Column.Quoted("activations", "activations"), Column.ClosedForm("activations", "activations")];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        (string Name, int Count)[] layouts = [("row-major", RowMajor * Edge * Edge), ("repacked", Edge * Edge / Repacked)];
        var (rows, rule) = (layouts.Select(layout => (IReadOnlyList<Cell>)[layout.Name, quoted.Find(layout.Name, "activations"), (double)layout.Count]).ToList(), new NumberRule(0, 300, "activations", "0"));
        return new TableResult(rows, [.. layouts.Select(layout => rule.Judge($"A {layout.Name} tile takes so many activations", quoted.Find(layout.Name, "activations"), layout.Count, ColumnKind.ClosedForm))],
            []);
    }
}
