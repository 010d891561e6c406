using System.CommandLine;
using System.Globalization;
using Drift.Kernels;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift devices</c>: the backends and instruction sets of this machine, and why one is missing.</summary>
internal static class DevicesCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("devices", "List backends and instruction sets of this machine, and why one is missing");
        var tune = new Option<string?>("--tune") { Description = $"Search for what suits this device and keep it: {string.Join(", ", Backends.Devices)}", HelpName = "NAME" };
        tune.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } given && !Backends.Devices.Contains(given))
                result.AddError($"--tune: there is no device '{given}'; expected one of {string.Join(", ", Backends.Devices)}");
        });
        command.Options.Add(tune);
        command.SetBody((parsed, session) =>
        {
            if (parsed.GetValue(tune) is { } device)
                return Tune(device, session);
            var console = ReportConsole.On(session.Out);
            var backends = new Table().Border(TableBorder.Rounded).AddColumns("backend", "here", "detail");
            foreach (var backend in Backends.Survey())
                backends.AddRow(Markup.Escape(backend.Name), YesNo(backend.Available), Markup.Escape(ErrorPolicy.Plain(backend.Detail)));
            console.Write(backends);
            var paths = new Table().Border(TableBorder.Rounded).AddColumns("INT8 micro-kernel", "here", "detail");
            foreach (var path in HostBackend.InstructionPaths)
                paths.AddRow(path.Name, YesNo(path.Missing is null), Markup.Escape(path.Missing ?? $"{InstructionSet.Variable}={path.Name} forces it"));
            console.Write(paths);
            var floats = new Table().Border(TableBorder.Rounded).AddColumns("float type", "micro-kernel", "detail");
            foreach (var (type, kernel, why) in FloatBackend.Survey())
                floats.AddRow(type, kernel, Markup.Escape(ErrorPolicy.Plain(why is null ? "generated for this CPU" : $"not generated: {why}")));
            console.Write(floats);
            var sets = new Table().Border(TableBorder.Rounded).AddColumns("instruction set", "here", "detail");
            foreach (var set in InstructionSet.Survey())
                sets.AddRow(set.Name, YesNo(set.Available), Markup.Escape(set.Detail));
            console.Write(sets);
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static int Tune(string device, Session session)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("candidate").AddColumn(new TableColumn("INT8 GOP/s").RightAligned());
        table.AddColumn(new TableColumn("fp32 GFLOP/s").RightAligned()).AddColumn("kept");
        foreach (var (choice, int8, floats, kept) in DeviceTuner.Run(device, TimeProvider.System))
            table.AddRow(choice, int8.ToString("F1", CultureInfo.InvariantCulture), floats.ToString("F1", CultureInfo.InvariantCulture), kept ? "yes" : "");
        var console = ReportConsole.On(session.Out);
        console.WriteWhole(table);
        console.WriteLine(DeviceTuner.File is { } file ? $"Kept in {file} for this device and driver." : "Kept nowhere: this user has no folder for such files.");
        return ErrorPolicy.Success;
    }

    private static string YesNo(bool yes) => yes ? "yes" : "no";
}
