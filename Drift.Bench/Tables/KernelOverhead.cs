using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>What checksums add to a product, by its shape and by the checks: in work, in cycles of the modelled array, and in time on this machine.</summary>
internal sealed class KernelOverhead : ITable
{
    private const double PaperShare = 100.0 / 32;

    private static readonly (string Name, string What)[] Others = [("FT-GEMM", "products of others"), ("FT-BLAS", "products of others"), ("V-ABFT", "products of others"), ("EFTA", "attention of others")];

    /// <summary>Most processors that others may use while a time counts.</summary>
    private const double MostNeighbours = 0.25;

    /// <inheritdoc/>
    public string Id => "kernels";

    /// <inheritdoc/>
    public string Title => "What checks add to a product";

    /// <inheritdoc/>
    public string About => "INT8 products in the shapes of DiT-XL/2 at 256 x 256 and of the small model, one thread of the host. The closed form charges one direction of 32 x 32 tiles. Products are without faults, so hierarchical checks sum their coarse tiles alone. Times are of this machine and this run: guarded and unguarded products in turn; they stand in the report and in table.json and not in the CSV, which is the same in every run, and are left empty where other processes kept the machine busy. Below stand others' figures, from the abstracts of their papers: FT-BLAS gives an upper end over its routines, EFTA a mean over attention on GPUs; for FT-GEMM and V-ABFT no overhead was found that could be verified, so their cells are empty. They are of fp32 and fp64 and of other machines, and a table of INT8 products does not judge them.";

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
                var (bare, charged) = (costs.Gemm(layer.Shape, 0, OperatingPoint.Nominal), costs.Gemm(layer.Shape, guard.Tiles.AlwaysSummed, OperatingPoint.Nominal));
                rows.Add([layer.Label, $"{layer.Shape.M} x {layer.Shape.N} x {layer.Shape.K}", guard.Name, default, guard.Tiles is { Edge: 32, IsHierarchical: false } ? PaperShare : default(Cell),
                    100.0 * charged.ChecksumMacs / bare.Macs, 100 * ((double)charged.Cycles / bare.Cycles - 1), neighbours.Processors() > MostNeighbours ? default(Cell) : 100 * (times.Ours / times.Rival!.Value - 1)]);
            }
        }

        var quoted = QuotedFigures.Load(Id);
        rows.AddRange(Others.Select(other => (IReadOnlyList<Cell>)[other.What, "", other.Name, quoted.Find(other.Name, "overhead_percent"), default, default, default, default]));
        var widest = rows.Where(row => row[2].Text == "flat32").Select(row => row[5].Value!.Value).Max();
        return new TableResult(rows,
            [
                new NumberRule(0.5, 5, "%", "0.0").Judge("Checks of 32 x 32 tiles add 1/32 to a product's multiply-accumulates", null, widest, ColumnKind.Modelled) with { Rule = "The closed form charges one direction and the ledger both; no measured overhead is quoted, so nothing is judged." },
            ],
            [Cycles(kind.Layers, rows)]);
    }

    private static Figure Cycles(IReadOnlyList<GemmLayer> layers, List<IReadOnlyList<Cell>> rows) => new("Cycles that checks add (modelled)",
        $"Cycles that checks add to a product on a 32 x 32 array, percent, for the layers {string.Join(", ", layers.Select(layer => layer.Label))}, a curve for each form of checks.",
        string.Join(", ", layers.Select((layer, i) => $"{i + 1}: {layer.Label}")), "cycles added, %",
        [.. Guarding.Checked.Select((guard, color) => new Curve(guard.Name, ColumnKind.Modelled, color, [.. layers.Select((_, i) => (i + 1.0, rows[i * Guarding.Checked.Count + color][6]))]))]);
}
