using System.CommandLine;
using System.Diagnostics;
using Drift.Dvfs;

namespace Drift.Bench;

/// <summary><c>drift cycles</c>: layers on a systolic array, from SCALE-Sim's own files and in its reports' columns.</summary>
internal static class CyclesCommand
{
    private const string Serial = "serial", Overlapped = "overlapped";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("cycles", "Cycles and accesses of layers on a systolic array, from SCALE-Sim's .cfg and topology files (modelled)");
        var config = Declare.Required("--config", "The accelerator, as SCALE-Sim 3 describes it", "FILE.cfg");
        var topology = Declare.Required("--topology", "The layers: products (M, N, K) or convolutions", "FILE.csv");
        var folds = Declare.Choice("--folds", "How one fold follows another; overlapped is no part of SCALE-Sim", Serial, [Serial, Overlapped]);
        var memory = new Option<bool>("--memory") { Description = "Simulate SRAM and DRAM even where nothing waits for them (CALC): slower, and all three reports" };
        var output = Declare.Text("--out", "Folder for SCALE-Sim's reports; new or empty", "PATH");
        foreach (var option in new Option[] { config, topology, folds, memory, output })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var order = parsed.GetRequiredValue(folds) == Overlapped ? FoldOrder.Overlapped : FoldOrder.Serial;
            return Run(Existing(config.Name, parsed.GetRequiredValue(config)), Existing(topology.Name, parsed.GetRequiredValue(topology)), order,
                parsed.GetValue(memory), parsed.GetValue(output), session);
        });
        return command;
    }

    private static int Run(string config, string topology, FoldOrder order, bool memory, string? output, Session session)
    {
        var (machine, layers) = (ArrayConfig.Load(config), Topology.Load(topology));
        if (order == FoldOrder.Overlapped && (memory || machine.Bandwidth is not null))
            throw new UserErrorException($"--folds: {Overlapped} folds have no model of their memory; expected {Serial}, or InterfaceBandwidth CALC without --memory");
        using var folder = output is null ? null : new OutputFolder(output);
        var clock = Stopwatch.StartNew();
        var reports = new LayerReport[layers.Count];
        for (var i = 0; i < reports.Length; i++)
        {
            session.Cancellation.ThrowIfCancellationRequested();
            try
            {
                reports[i] = LayerReport.Of(machine, layers[i], order, memory);
            }
            catch (OverflowException exception)
            {
                throw new UserErrorException($"{topology}: layer {layers[i].Name}: expected operands of at most {int.MaxValue} elements, windows counted as often as they are fetched, {MemorySimulation.MostLines} rows and {MemorySimulation.MostLines} columns where SRAM and DRAM are simulated", exception);
            }
        }

        var seconds = clock.Elapsed.TotalSeconds;
        foreach (var (name, text) in folder is null ? [] : CycleReports.Files(reports))
            folder!.Write(name, text);
        CycleReports.Print(session.Out, machine, order, reports, seconds);
        if (folder is not null)
            session.Out.WriteLine($"Written to {folder.Commit(session.Cancellation)}");
        return ErrorPolicy.Success;
    }

    private static string Existing(string option, string path) => File.Exists(path) ? path : throw new UserErrorException($"{option}: there is no file {path}");
}
