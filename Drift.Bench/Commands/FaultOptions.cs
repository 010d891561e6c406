using System.CommandLine;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What errors an operating point brings.</summary>
/// <param name="Model">How often: one of <see cref="ErrorModels.Names"/>.</param>
/// <param name="Bits">In which bit: a form of <see cref="BitProfiles"/>.</param>
/// <param name="Pattern">How hits lie together: a form of <see cref="FaultPatterns"/>.</param>
/// <param name="Extrapolate">True to go on past the ends of tables.</param>
/// <param name="FixedUnit">What a rate counts that is given in the model's place.</param>
internal sealed record FaultOptions(string Model, string Bits, string Pattern, bool Extrapolate, RateUnit FixedUnit)
{
    /// <summary>The paper's.</summary>
    public static FaultOptions Standard { get; } = new(ErrorModels.Paper, BitProfiles.Uniform, FaultPatterns.Independent, false, RateUnit.PerElement);

    /// <summary>The table that is read.</summary>
    /// <param name="points">A table of the user's own, or null for the model's.</param>
    public string File(string? points) => points ?? DataFolder.At("operating-points", ErrorModels.FileOf(Model));

    /// <summary>The settings as files record them.</summary>
    public IEnumerable<KeyValuePair<string, object?>> ToSettings() =>
        [new("errorModel", Model), new(InputFiles.BitsSetting, Bits), new("faultPattern", Pattern), new("extrapolate", Extrapolate), new("berUnit", ErrorRate.Words(FixedUnit))];

    /// <summary>How often, in the model's own unit.</summary>
    /// <param name="points">A table of the user's own, or null for the model's.</param>
    /// <exception cref="InvalidDataException">A file is not of its form.</exception>
    public IErrorRates OpenRates(string? points) => ErrorModels.Open(Model, File(points), Extrapolate);

    /// <summary>The whole model around some rates.</summary>
    /// <exception cref="UserErrorException">There is no such profile or pattern.</exception>
    /// <exception cref="InvalidDataException">A file is not of its form.</exception>
    public IErrorModel Around(IErrorRates rates)
    {
        if (Bits.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && !System.IO.File.Exists(Bits))
            throw new UserErrorException($"--bit-profile: there is no file {Bits}");
        // The delays are those of the table that is in use, or of the paper's surface where a fixed rate stands in its place or the table holds too little.
        var profile = BitProfiles.Open(Bits, () => rates as PathDelay ?? PathDelayFit.To(DataFolder.At("operating-points", ErrorModels.FileOf("path-delay"))).Model)
            ?? throw new UserErrorException($"--bit-profile: there is no '{Bits}'; expected {BitProfiles.Forms}");
        return FaultPatterns.TryParse(Pattern, out var pattern)
            ? new ErrorModel(rates, profile, pattern)
            : throw new UserErrorException($"--fault-pattern: there is no '{Pattern}'; expected {FaultPatterns.Forms}");
    }
}

/// <summary>The options that choose errors.</summary>
internal sealed class FaultArguments
{
    private readonly Option<string> _model = Declare.Choice("--error-model", "How often outputs are hit at an operating point", ErrorModels.Paper, [.. ErrorModels.Names]);
    private readonly Option<string> _bits = Declare.Text("--bit-profile", $"Which bit a hit inverts: {BitProfiles.Forms}", "NAME|FILE.csv", BitProfiles.Uniform);
    private readonly Option<string> _pattern = Declare.Text("--fault-pattern", $"How hits lie together: {FaultPatterns.Forms}", "NAME", FaultPatterns.Independent);
    private readonly Option<bool> _extrapolate = new("--extrapolate") { Description = "Go on past the ends of the tables; such rates are marked EXTRAPOLATED" };
    private readonly Option<string> _unit = Declare.Choice("--ber-unit", "What --ber counts", "element", ["element", "bit", "mac"]);

    /// <summary>Declares the options on a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="fixedRates">Whether the command takes a rate in the model's place.</param>
    public void AddTo(Command command, bool fixedRates = true)
    {
        // A file's name is the shell's to complete.
        _bits.CompletionSources.Add([.. BitProfiles.Names.Where(name => name[0] != '.')]);
        _pattern.CompletionSources.Add([.. FaultPatterns.Names]);
        foreach (var option in new Option[] { _model, _bits, _pattern, _extrapolate })
            command.Options.Add(option);
        if (fixedRates)
            command.Options.Add(_unit);
    }

    /// <summary>Reads them.</summary>
    public FaultOptions Bind(ParseResult parsed)
    {
        var unit = parsed.GetValue(_unit) switch { "bit" => RateUnit.PerBit, "mac" => RateUnit.PerMac, _ => RateUnit.PerElement };
        return new FaultOptions(parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_bits), parsed.GetRequiredValue(_pattern),
            parsed.GetValue(_extrapolate), unit);
    }
}
