using System.CommandLine;
using Drift.Dvfs;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift layout</c>: rows, bursts and banks of a checkpointed tile, row-major and repacked, in three memories.</summary>
internal static class LayoutCommand
{
    private const double Nano = 1e9;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("layout", "Rows, bursts and banks that a checkpointed tile of 32 x 32 takes, row-major and repacked (modelled): a table, and a picture with --out");
        var output = Declare.Text("--out", "Picture to write", "FILE.png");
        command.Options.Add(output);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(output) is { } path ? new OutputFile(output.Name, path) : null;
            var accounts = LayoutAccount.All();
            Print(session.Out, accounts);
            file?.Commit(LayoutChart.ToPng(accounts));
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static void Print(TextWriter output, IReadOnlyList<LayoutAccount> accounts)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var name in new[] { "memory", "layout", "leaves the array by", "B an element", "activations\nsave + restore", "bursts\nsave + restore", "bytes moved\nfor each wanted", "banks used\nsave", "ns at least\nsave + restore" })
            table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var account in accounts)
        {
            var (saved, restored) = (account.Saved, account.Restored);
            table.AddRow(account.Memory, account.Layout, account.Layout == Kernels.TileRepackedLayout.Key ? "-" : account.Walk == TileWalk.Columns ? "columns" : "rows", $"{account.ElementBytes}",
                $"{saved.Activations} + {restored.Activations}", $"{saved.Bursts} + {restored.Bursts}", Text((double)(saved.Moved + restored.Moved) / (saved.Useful + restored.Useful)), $"{saved.BanksUsed}",
                $"{Text(saved.Time.Value * Nano)} + {Text(restored.Time.Value * Nano)}");
        }

        ReportConsole.On(output).WriteWhole(table);
        output.WriteLine("Modelled: a tile of a 1024 x 1152 output. paper: the geometry under which the paper's 3072 and 128 activations come out, inferred (docs/layout.md).");
    }

    private static string Text(double value) => Numerals.Of(value, "0.##");
}
