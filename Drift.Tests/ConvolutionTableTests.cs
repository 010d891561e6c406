using System.Text.Json;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The tables of docs/convolution.md say what the result files beside them say.</summary>
public sealed class ConvolutionTableTests
{
    private const string OnnxRuntime = "ONNX Runtime", Torch = "libtorch", Flat32 = "flat32", Flat128 = "flat128", Hierarchical = "hierarchical32in256";

    private static readonly string[] Shapes = ["4096 x 320 x 2880", "1024 x 640 x 5760", "256 x 1280 x 11520"], Labels = ["64 x 64 x 320", "32 x 32 x 640", "16 x 16 x 1280"];

    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Documentation.Root, "docs", "convolution.md"));

    [TestCase("INT8, unchecked", "int8", "conv", "none", 0)]
    [TestCase("INT8, flat 32", "int8", "conv", Flat32, 0)]
    [TestCase("INT8, hierarchical", "int8", "conv", Hierarchical, 0)]
    [TestCase("fp32 direct, unchecked", "fp32", "conv", "none", 2)]
    [TestCase("fp32 direct, flat 32", "fp32", "conv", Flat32, 2)]
    [TestCase("fp32 Winograd, unchecked", "fp32", "conv winograd", "none", 2)]
    [TestCase("fp32 Winograd, flat 32", "fp32", "conv winograd", Flat32, 2)]
    [TestCase("fp32 Winograd, flat 128", "fp32", "conv winograd", Flat128, 2)]
    public void A_convolution_is_as_fast_as_measured(string row, string type, string what, string protection, int digits)
    {
        var file = new ResultFile($"conv/{type}-two-threads");
        var rival = type == "int8" ? $"{OnnxRuntime} ConvInteger" : $"{OnnxRuntime} Conv";
        Holds(row, Shapes.Select(shape => file.Ratio(shape, protection, rival, digits, what)));
    }

    [TestCase("hierarchical", Hierarchical)]
    [TestCase("flat 128", Flat128)]
    [TestCase("flat 32", Flat32)]
    [TestCase("unprotected again", "none, again")]
    public void Checks_add_what_was_measured(string row, string protection)
    {
        foreach (var (threads, name) in new[] { ("one thread", "overheads-int8"), ("two threads", "overheads-int8-two-threads") })
        {
            var file = new ResultFile($"conv/{name}");
            Holds($"{threads}, {row}", Labels.Select(label => Spread(file.Labelled(label, protection))));
        }
    }

    [TestCase("unchecked over ONNX Runtime", "none", $"{OnnxRuntime} MultiHeadAttention")]
    [TestCase("checked over ONNX Runtime", "efta", $"{OnnxRuntime} MultiHeadAttention")]
    [TestCase("checked over libtorch", "efta", $"{Torch} attention")]
    [TestCase("checks add, %", "efta", "Drift")]
    public void Attention_is_as_fast_as_measured(string row, string protection, string rival) => Holds(row,
        from name in (string[])["two-threads", "one-thread"]
        from shape in (string[])["1024 x 1024 x 1152", "256 x 256 x 1152"]
        let ratio = new ResultFile($"attention/{name}").Find(shape, protection, rival).GetProperty("ratio").GetDouble()
        select rival == "Drift" ? ResultFile.Text(100 * ((1 / ratio) - 1), 1) : ResultFile.Text(ratio, 2));

    [TestCase("layer norm, 256 x 1152", "layer norm", "256 x 1152 x 1")]
    [TestCase("RMS norm, 256 x 1152", "rms norm", "256 x 1152 x 1")]
    [TestCase("group norm, 64 x 64 x 320", "group norm", "4096 x 320 x 1")]
    [TestCase("group norm, 32 x 32 x 640", "group norm", "1024 x 640 x 1")]
    [TestCase("group norm, 16 x 16 x 1280", "group norm", "256 x 1280 x 1")]
    [TestCase("softmax, 4096 x 256", "softmax", "4096 x 256 x 1")]
    [TestCase("GELU exact, 256 x 4608", "gelu exact", "256 x 4608 x 1")]
    [TestCase("GELU tanh, 256 x 4608", "gelu tanh", "256 x 4608 x 1")]
    [TestCase("SiLU, 256 x 4608", "silu", "256 x 4608 x 1")]
    public void A_norm_is_as_fast_as_measured(string row, string what, string shape) => Holds(row,
        from name in (string[])["one-thread", "two-threads"]
        let file = new ResultFile(what == "group norm" && name == "one-thread" ? "norms/group-one-thread" : $"norms/{name}")
        let rival = what == "group norm" ? $"{OnnxRuntime} InstanceNormalization" : OnnxRuntime
        select $"{file.Ratio(shape, "none", rival, what: what)} / {(what is "rms norm" or "gelu tanh" ? "-" : file.Ratio(shape, "none", Torch, what: what))}");

    private static string Spread(JsonElement result) => $"{Figure(result, "percent")} ({Figure(result, "lower")} to {Figure(result, "upper")})";

    private static string Figure(JsonElement result, string property) => ResultFile.Text(result.GetProperty(property).GetDouble(), 1);

    private static void Holds(string row, IEnumerable<string> cells) =>
        Assert.That(Lines.SingleOrDefault(line => line.StartsWith($"| {row} |", StringComparison.Ordinal)), Is.EqualTo($"| {row} | {string.Join(" | ", cells)} |"));
}
