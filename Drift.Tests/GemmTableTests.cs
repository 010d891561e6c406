using NUnit.Framework;

namespace Drift.Tests;

/// <summary>The tables of docs/gemm.md say what the result files beside them say. Rows of each begin with its name in bold.</summary>
public sealed class GemmTableTests
{
    private const string Unchecked = "Drift, none";

    private static readonly (string Name, string Shape)[] Layers =
        [("cube", "1024 x 1024 x 1024"), ("qkv", "256 x 3456 x 1152"), ("proj", "256 x 1152 x 1152"), ("fc1", "256 x 4608 x 1152"), ("fc2", "256 x 1152 x 4608")];

    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Documentation.Root, "docs", "gemm.md"));

    private static readonly string[] Int8Forms = ["none", "hierarchical32in256", "flat128", "flat32"], FloatForms = ["none", "flat128", "flat32"];

    private static IEnumerable<TestCaseData> Rows() =>
        from table in (string[])["INT8", "INT8 checks", "INT8 two threads", "fp32", "fp32 checks", "fp32 two threads"]
        from layer in table is "fp32" or "fp32 checks" ? Layers : Layers.Skip(1)
        select new TestCaseData(table, layer.Name, layer.Shape).SetArgDisplayNames(table, layer.Name);

    [TestCaseSource(nameof(Rows))]
    public void A_row_says_what_was_measured(string table, string layer, string shape)
    {
        string[] cells = table switch
        {
            "INT8" => Against("int8", shape, Int8Forms, "ONNX Runtime u8s8", "hierarchical32in256", "ONNX Runtime s8s8", 1),
            "fp32" => Against("torch", shape, FloatForms, "ONNX Runtime MatMul", "flat128", "libtorch addmm", 2),
            "INT8 checks" => Costs("abft", shape, Int8Forms),
            "fp32 checks" => Costs("float-abft", shape, FloatForms),
            "INT8 two threads" => Scaling("int8-two", shape, Int8Forms),
            _ => Scaling("float-two", shape, FloatForms),
        };
        var beginning = $"| **{table}** | {layer} |";
        Assert.That(Lines.SingleOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)), Is.EqualTo($"{beginning} {string.Join(" | ", cells)} |"));
    }

    [Test]
    public void Instructions_are_as_fast_as_measured()
    {
        string[] paths = ["portable", "avx2", "avx-vnni", "avx512", "avx512-vnni"];
        var cells = paths.Select(path => ResultFile.Text(new ResultFile($"gemm/isa-{path}").Unpaired("256 x 1152 x 1152", "none").GetProperty("ours").GetDouble(), 0));
        Assert.That(Lines, Does.Contain($"| **GOP/s** | {string.Join(" | ", cells)} |"));
    }

    private static string[] Against(string name, string shape, string[] forms, string rival, string form, string other, int digits)
    {
        var file = new ResultFile($"gemm/{name}");
        return [ResultFile.Text(file.Find(shape, "none", rival).GetProperty("ours").GetDouble(), 0), .. forms.Select(form => file.Ratio(shape, form, rival)), file.Ratio(shape, form, other, digits)];
    }

    /// <summary>What checks add to the unchecked product's time, percent, with quartiles.</summary>
    private static string[] Costs(string name, string shape, string[] forms)
    {
        var file = new ResultFile($"gemm/{name}");
        return
        [
            .. from form in forms.Skip(1)
               let result = file.Find(shape, form, Unchecked)
               let quartiles = result.GetProperty("ratioQuartiles").EnumerateArray().Select(ratio => ratio.GetDouble()).ToArray()
               select $"{Percent(result.GetProperty("ratio").GetDouble())} ({Percent(quartiles[1])} to {Percent(quartiles[0])})",
            Percent(file.Find(shape, "none, again", Unchecked).GetProperty("ratio").GetDouble()),
        ];
    }

    private static string[] Scaling(string name, string shape, string[] forms)
    {
        var file = new ResultFile($"gemm/{name}");
        return [.. forms.Select(form => file.Ratio(shape, form, $"Drift, {form}, 1 thread")), file.Ratio(shape, "none, products apart", $"{Unchecked}, 1 thread")];
    }

    private static string Percent(double ratio) => ResultFile.Text(100 * ((1 / ratio) - 1), 1);
}
