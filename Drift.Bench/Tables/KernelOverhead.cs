using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>What checksums add to a product, by its shape and by the checks: in work, in cycles of the modelled array, and in time on this machine.</summary>
internal sealed class KernelOverhead : ITable
{
    private const double PaperShare = 100.0 / 32;

    /// <summary>Most processors that others may use while a time counts.</summary>
    private const double MostNeighbours = 0.25;

    /// <inheritdoc/>
    public string Id => "kernels";

    /// <inheritdoc/>
    public string Title => "What checks add to a product";

    /// <inheritdoc/>
    public string About => "INT8 products in the shapes of DiT-XL/2 at 256 x 256 and of the small model, one thread of the host. The closed form charges one direction of 32 x 32 tiles. Times are of this machine and this run: guarded and unguarded products in turn; they stand in the report and in table.json and not in the CSV, which is the same in every run, and are left empty where other processes kept the machine busy. FT-GEMM, FT-BLAS, V-ABFT and EFTA would stand beside them; no figure of theirs is quoted here.";

    /// <inheritdoc/>
    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Setting("layer", "layer"), Column.Setting("shape", "M x N x K"), Column.Setting("checks", "checks"), Column.Quoted("overhead_percent", "overhead of others, %"),
        Column.ClosedForm("macs_percent", "checksum MACs, %"), Column.Modelled("macs_percent", "checksum MACs, %"), Column.Modelled("cycles_percent", "cycles, %"),
        Column.Measured("time_percent", "time, host, %") with { Varies = true },
    ];

    /// <inheritdoc/>
    public TableResult Make(TableContext context)
    {
        var (costs, kind) = (Lab.PaperCosts(), GemmKinds.Int8);
        var duel = new Duel(context.Budget.Timing, TimeProvider.System, () => { });
        var rows = new List<IReadOnlyList<Cell>>();
        foreach (var layer in kind.Layers)
        {
            using var operands = kind.Draw(layer.Shape);
            using var plain = kind.Ours(operands, 1, Guarding.None, 0);
            foreach (var guard in Guarding.Checked)
            {
                using var guarded = kind.Ours(operands, 1, guard, 0);
                var neighbours = new Neighbours();
                var times = duel.Run(guarded.Run, plain.Run, context.Cancellation);
                var (bare, charged) = (costs.Gemm(layer.Shape, 0, OperatingPoint.Nominal), costs.Gemm(layer.Shape, guard.Tiles.Edge, OperatingPoint.Nominal));
                rows.Add([layer.Label, $"{layer.Shape.M} x {layer.Shape.N} x {layer.Shape.K}", guard.Name, default, guard.Tiles.Edge == 32 ? PaperShare : default(Cell),
                    100.0 * charged.ChecksumMacs / bare.Macs, 100 * ((double)charged.Cycles / bare.Cycles - 1), neighbours.Processors() > MostNeighbours ? default(Cell) : 100 * (times.Ours / times.Rival!.Value - 1)]);
            }
        }

        var widest = rows.Where(row => row[2].Text == "flat32").Select(row => row[5].Value!.Value).Max();
        return new TableResult(rows,
            [
                new NumberRule(0.5, 5, "%", "0.0").Judge("Checks of 32 x 32 tiles add 1/32 to a product's multiply-accumulates", null, widest, ColumnKind.Modelled) with { Rule = "The closed form charges one direction and the ledger both; no measured overhead is quoted, so nothing is judged." },
            ],
            []);
    }
}
