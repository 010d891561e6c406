using Drift.Kernels;

namespace Drift.Bench;

/// <summary>DRAM row activations of a tile, row-major and repacked.</summary>
internal sealed class Layout : ITable
{
    /// <inheritdoc/>
    public string Id => "layout";

    /// <inheritdoc/>
    public string Title => "DRAM row activations of a checkpointed tile";

    /// <inheritdoc/>
    public string About => "A 32 x 32 tile, saved once and restored once, counted access by access in the geometry that docs/layout.md infers: closed rows, 16 elements a burst, no masked writes.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } = [Column.Setting("layout", "layout"), Column.Quoted("activations", "activations"), Column.Modelled("activations", "activations")];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var quoted = QuotedFigures.Load(Id);
        var counts = LayoutAccount.Paper().Select(account => (Name: account.Layout == TileRepackedLayout.Key ? "repacked" : account.Layout, account.Activations)).ToList();
        var rows = counts.Select(count => (IReadOnlyList<Cell>)[count.Name, quoted.Find(count.Name, "activations"), (double)count.Activations]).ToList();
        var rule = new NumberRule(0, 300, "activations", "0");
        return new TableResult(rows, [.. counts.Select(count => rule.Judge($"A {count.Name} tile takes so many activations", quoted.Find(count.Name, "activations"), count.Activations, ColumnKind.Modelled))],
            [
                new Figure("Row activations of a tile (quoted dashed, modelled)", "DRAM row activations that a checkpointed tile of 32 x 32 takes, row-major and repacked: the paper's figures dashed, the count in the inferred geometry beside them.",
                    string.Join(", ", counts.Select((count, i) => $"{i + 1}: {count.Name}")), "activations",
                    [
                        new Curve("paper", ColumnKind.Quoted, 0, [.. counts.Select((count, i) => (i + 1.0, (Cell)quoted.Find(count.Name, "activations")))]),
                        new Curve("counted", ColumnKind.Modelled, 1, [.. counts.Select((count, i) => (i + 1.0, (Cell)(double)count.Activations))]),
                    ]),
            ]);
    }
}
