using System.CommandLine;
using System.Globalization;
using System.Text;
using Drift.Models;
using Spectre.Console;

namespace Drift.Bench;

/// <summary><c>drift ranges</c>: how far each layer's largest values lie above its typical ones, over a clean fp32 run.</summary>
internal static class RangesCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("ranges", "Measure absmax / rms of each guarded layer's weights, inputs and outputs over a clean run");
        var model = Declare.Model();
        var subjects = new SubjectArguments();
        var steps = Declare.Optional("--steps", "Sampling steps [default: the model's]", 1, 1000);
        var seed = Declare.Number("--seed", "Seed of the picture", 0UL, 0UL, ulong.MaxValue);
        var outliers = Declare.Number("--outliers", "EXPERIMENT: factor by which 4 of 128 value channels of every block are rescaled, the network's function unchanged", 1.0, 1.0, 65536);
        var csv = Declare.Text("--csv", "Also write every layer here", "FILE");
        subjects.AddTo(command);
        foreach (var option in new Option[] { model, steps, seed, outliers, csv })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(csv) is { } target ? new OutputFile("--csv", target) : null;
            var folder = ModelFolder.Find(parsed.GetRequiredValue(model));
            var settings = folder.Defaults.Sampling(parsed.GetValue(steps));
            var request = new PictureRequest(parsed.GetValue(seed), subjects.Bind(parsed, folder)[0]);
            var layers = Measure(folder, settings, request, parsed.GetValue(outliers), session.Cancellation);
            Print(session.Out, layers, parsed.GetValue(outliers));
            file?.Commit(ToCsv(layers));
            return ErrorPolicy.Success;
        });
        return command;
    }

    private static List<LayerRanges> Measure(ModelFolder folder, SamplingSettings settings, PictureRequest request, double outliers, CancellationToken cancellation)
    {
        var pipeline = DiffusionPipeline.Load(folder.Path);
        if (outliers != 1)
            OutlierChannels.Insert(pipeline.Denoiser.Layers, outliers);
        RangeSurvey? survey = null;
        new PictureBatch(pipeline, 1).Draw(new Drawing([request], _ => survey = new RangeSurvey(new FloatUnit())), settings, cancellation);
        return [.. survey!.Layers.Where(layer => folder.Kind.Guards(layer.Layer.Key))];
    }

    private static void Print(TextWriter output, List<LayerRanges> layers, double outliers)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("role");
        foreach (var title in new[] { "layers", "weights", "inputs", "outputs", "widest output" })
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var role in layers.GroupBy(layer => layer.Layer.Key.Role))
        {
            var widest = role.MaxBy(layer => layer.Output.Ratio)!;
            table.AddRow($"{role.Key}", $"{role.Count()}", Number(role.Average(layer => layer.Weight.Ratio)), Number(role.Average(layer => layer.Input.Ratio)), Number(role.Average(layer => layer.Output.Ratio)),
                $"{Number(widest.Output.Ratio)} (block {widest.Layer.Key.Block})");
        }

        var console = ReportConsole.On(output);
        console.WriteWhole(table);
        console.WriteLine($"absmax / rms over all steps of one picture, mean over a role's layers; measured here in fp32{(outliers == 1 ? "." : $", EXPERIMENT: outlier channels x {Number(outliers)}.")}");
    }

    private static byte[] ToCsv(List<LayerRanges> layers)
    {
        var text = new StringBuilder("block,role,index,weight_absmax,weight_rms,input_absmax,input_rms,output_absmax,output_rms\n");
        foreach (var layer in layers)
        {
            var ranges = new[] { layer.Weight, layer.Input, layer.Output }.SelectMany(range => new[] { range.Largest, range.Typical });
            text.Append(CultureInfo.InvariantCulture, $"{layer.Layer.Key.Block},{layer.Layer.Key.Role},{layer.Layer.Key.Index},{string.Join(',', ranges.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Number(double value) => Numerals.Of(value, "0.0");
}
