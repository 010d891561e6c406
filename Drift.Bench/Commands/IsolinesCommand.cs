using System.CommandLine;
using System.Globalization;
using Drift.Dvfs;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift isolines</c>: where an error model's rates lie over voltage and clock, as a table and a picture.</summary>
internal static class IsolinesCommand
{
    private const string Standard = "surface";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("isolines", "Clocks at which an error model reaches given rates, over the voltage: a table, and a picture with --out");
        var model = Declare.Choice("--error-model", "Whose rates", Standard, [.. ErrorModels.Names]);
        var points = Declare.Text("--operating-points", "A table in place of the error model's own", "FILE.csv");
        var rates = Declare.Text("--rates", "Rates, separated by commas, in the model's unit", "LIST", "1e-6,1e-5,1e-4,1e-3,1e-2");
        var extrapolate = new Option<bool>("--extrapolate") { Description = "Go on past the ends of the table; the picture says so" };
        var output = Declare.Text("--out", "Picture to write", "FILE.png");
        foreach (var option in new Option[] { model, points, rates, extrapolate, output })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            if (parsed.GetValue(points) is { } given && !File.Exists(given))
                throw new UserErrorException($"{points.Name}: there is no file {given}");
            var faults = FaultOptions.Standard with { Model = parsed.GetRequiredValue(model), Extrapolate = parsed.GetValue(extrapolate) };
            var levels = Levels(rates.Name, parsed.GetRequiredValue(rates));
            using var file = parsed.GetValue(output) is { } path ? new OutputFile(output.Name, path) : null;
            var table = faults.File(parsed.GetValue(points));
            var chart = IsolineChart.Of(faults.OpenRates(parsed.GetValue(points)), levels, faults.Extrapolate);
            Print(session.Out, chart, faults.Model, table);
            file?.Commit(chart.ToPng());
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static double[] Levels(string option, string list) => [.. list.Split(',', StringSplitOptions.TrimEntries).Select(text =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is > 0 and < 1
            ? rate
            : throw new UserErrorException($"{option}: expected rates above 0 and below 1, got '{text}'"))];

    private static void Print(TextWriter output, IsolineChart chart, string model, string file)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("V").RightAligned());
        foreach (var line in chart.Lines)
            table.AddColumn(new TableColumn(string.Create(CultureInfo.InvariantCulture, $"GHz at\n{line.Rate:0.##e0}")).RightAligned());
        foreach (var (volts, row) in chart.Rows())
            table.AddRow([volts.ToString("F2", CultureInfo.InvariantCulture), .. row.Select(clock => clock is { } hertz ? hertz.Gigahertz.ToString("F3", CultureInfo.InvariantCulture) : "-")]);
        ReportConsole.On(output).WriteWhole(table);
        output.WriteLine($"Rates {ErrorRate.Words(chart.Unit)}, {chart.Name}{(chart.Extrapolated ? ", EXTRAPOLATED past its table" : "")}; -: not reached, or not known.");
        if (model == "path-delay")
        {
            var fit = PathDelayFit.To(file);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Modelled: alpha-power law with Vt {fit.Model.Threshold.Value:F3} V, alpha {fit.Model.Exponent:F2}; root mean square misfit {fit.Decades:F2} decades over {fit.Points} rates of {Path.GetFileName(file)}."));
        }
    }
}
