using System.Globalization;
using System.Text.RegularExpressions;
using CsvHelper.Configuration.Attributes;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Damaged, hostile and unusual model files: <c>cases.csv</c> with the files and folders that it lists, a case a line.</summary>
internal sealed class FileCases : ICaseKind
{
    private const string List = "cases.csv";

    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, List);
        return File.Exists(list) && !CycleCases.Owns(list) ? CaseFiles.Csv<FileRow>(list).Select(row => new FileCase($"{label}/{row.File.TrimEnd('/')}", folder, list, row)) : [];
    }
}

/// <summary>A line of the list.</summary>
internal sealed class FileRow
{
    /// <summary>A safetensors file, or a model's folder, which ends in a slash.</summary>
    [Name("file")] public string File { get; init; } = "";

    /// <summary>What is wrong, or "nothing", with the values that the file holds.</summary>
    [Name("what_is_wrong")] public string WhatIsWrong { get; init; } = "";

    /// <summary><c>must-load</c> or <c>must-fail</c>.</summary>
    [Name("expect")] public string Expect { get; init; } = "";

    /// <summary>What the format's own library made of it: tensors with their shapes where it loads a file.</summary>
    [Name("python_library")] public string Library { get; init; } = "";
}

/// <summary>One file or folder: it loads with the stated shapes and values, or is refused in one line that names it. The error is the number of things that are otherwise.</summary>
internal sealed class FileCase(string name, string folder, string list, FileRow row) : VerificationCase(name, list, Path.Combine(folder, row.File.TrimEnd('/')))
{
    private const string Loads = "loads: ", Number = @"-?\d+(\.\d+)?(e[+-]?\d+)?";

    private static readonly Regex Values = new($"(?<name>\\w+) = (?<values>{Number}( {Number})*)");

    private static readonly IReadOnlyDictionary<string, Func<string, object>> Networks = new Dictionary<string, Func<string, object>>
    {
        ["AutoencoderKL"] = AutoencoderKL.Load,
        ["CLIPModel"] = ClipModel.Load,
        ["CLIPTextModel"] = ClipTextModel.Load,
        ["DiTTransformer2DModel"] = DiTTransformer2D.Load,
        ["PixArtTransformer2DModel"] = PixArtTransformer2D.Load,
        ["ResNetForImageClassification"] = ResNetClassifier.Load,
        ["T5EncoderModel"] = T5Encoder.Load,
        ["UNet2DConditionModel"] = UNet2DCondition.Load,
    };

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        var loads = row.Expect switch
        {
            "must-load" => true,
            "must-fail" => false,
            _ => throw new UserErrorException($"{list}: expect is '{row.Expect}'; expected must-load or must-fail"),
        };
        try
        {
            var wrong = row.File.EndsWith('/') ? ReadFolder() : ReadFile();
            return [new OutputCheck(row.Expect, loads ? wrong : double.PositiveInfinity, 0)];
        }
        catch (ModelFormatException refusal) when (!loads)
        {
            // One line that names the file, or the part of the folder that is wrong.
            var names = refusal.Message.Contains(Files[1], StringComparison.Ordinal) && !refusal.Message.Contains('\n');
            return [new OutputCheck(row.Expect, names ? 0 : double.PositiveInfinity, 0)];
        }
    }

    private int ReadFolder()
    {
        var config = ModelConfig.Read(Path.Combine(Files[1], "config.json"));
        config.RequireClass([.. Networks.Keys]);
        Networks[config.ClassName](Files[1]);
        return 0;
    }

    /// <summary>Reads every tensor, and counts what is not as stated: the list of names and shapes, and the values of each tensor that has some.</summary>
    private int ReadFile()
    {
        using var file = SafetensorsFile.Open(Files[1]);
        var values = file.Names.ToDictionary(tensor => tensor, file.ReadFloat);
        var wrong = row.Library.StartsWith(Loads, StringComparison.Ordinal) && row.Library != Listed(file) ? 1 : 0;
        return wrong + Values.Matches(row.WhatIsWrong).Count(stated => values.TryGetValue(stated.Groups["name"].Value, out var held)
            && !held.SequenceEqual(stated.Groups["values"].Value.Split(' ').Select(value => float.Parse(value, CultureInfo.InvariantCulture))));
    }

    /// <summary>The tensors with their shapes as the list has them: by name, whatever it is made of, in the order of code points.</summary>
    private static string Listed(SafetensorsFile file) => Loads + string.Join(' ', file.Names
        .OrderBy(name => string.Concat(name.EnumerateRunes().Select(rune => $"{rune.Value:X6}")), StringComparer.Ordinal)
        .Select(name => $"{name}[{string.Join(", ", file.Shape(name))}]"));
}
