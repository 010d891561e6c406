using System.CommandLine;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>All settings of a comparison.</summary>
/// <param name="Sampling">What to draw and what computes it.</param>
/// <param name="Voltage">Volts of the undervolted rows.</param>
/// <param name="Frequency">GHz of the overclocked row.</param>
/// <param name="BitErrorRate">Hits per output element that replace the tables' rate, or null.</param>
/// <param name="Tile">Edge of a checksum tile.</param>
/// <param name="Threshold">Least deviation that flags a line.</param>
/// <param name="Interval">Steps between checkpoints.</param>
/// <param name="Json">Second place for result.json, or null.</param>
/// <param name="Rows">Rows to run, in table order; names of <see cref="CompareRow.Names"/>.</param>
/// <param name="Outputs">How outputs leave the accumulator in the rows that are not wide by name.</param>
/// <param name="OperatingPoints">CSV file that replaces the shipped tables, or null.</param>
internal sealed record CompareOptions(SamplingOptions Sampling, double Voltage, double Frequency, double? BitErrorRate, int Tile, int Threshold, int Interval,
    string? Json, IReadOnlyList<string> Rows, OutputForm Outputs, string? OperatingPoints)
{
    /// <summary>The row that the others are held against, seed by seed; null for none.</summary>
    public string? Against { get; init; }

    /// <summary>Folder of the CLIP that scores pictures against their prompts; null for none.</summary>
    public string? Clip { get; init; }

    /// <summary>The error model, the bits and the pattern of its hits.</summary>
    public FaultOptions Faults { get; init; } = FaultOptions.Standard;

    /// <summary>Where checkpoints live.</summary>
    public OffloadOptions Offload { get; init; } = OffloadOptions.Standard;

    /// <summary>Bytes of checkpoints that a step may write, in the interval's place; null for the interval.</summary>
    public long? BytesPerStep { get; init; }

    /// <summary>The energies that work is charged at, as <see cref="EnergyFile.Find"/> takes them.</summary>
    public string Energy { get; init; } = EnergyFile.Standard;

    /// <summary>The policy of the row <see cref="PolicyRow"/>, and its file; null where there is no such row.</summary>
    public (string Path, PolicyFile File)? Policy { get; init; }

    /// <summary>The row that a policy file makes.</summary>
    public const string PolicyRow = "policy";

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(Sampling.ToSettings().Concat(Faults.ToSettings()).Concat(Offload.ToSettings()))
    {
        ["voltage"] = Voltage,
        ["frequency"] = Frequency,
        ["ber"] = BitErrorRate,
        ["tile"] = Tile,
        ["threshold"] = Threshold,
        ["interval"] = Interval,
        ["checkpointBytesPerStep"] = BytesPerStep,
        ["rows"] = Rows,
        ["outputs"] = Outputs == OutputForm.Wide ? "wide" : "saturating",
        [InputFiles.PointsSetting] = Faults.Model == ErrorModels.Paper ? OperatingPoints : Faults.File(OperatingPoints),
        [InputFiles.ClipSetting] = Clip,
        [InputFiles.EnergySetting] = Energy,
        [PolicyRow] = Policy?.File,
        ["against"] = Against,
    };
}

/// <summary>The options of <c>compare</c>, and of what looks at one of its rows.</summary>
/// <param name="unused">Names of those that a command does not have (<see cref="SamplingArguments"/>).</param>
internal sealed class CompareArguments(params string[] unused)
{
    private const int CachedIntervals = 3;

    private readonly SamplingArguments _sampling = new(unused);
    private readonly Option<double> _voltage = Declare.Number("--voltage", "Volts of the undervolted rows, within the operating points", 0.675, 0.01, 10);
    private readonly Option<double> _frequency = Declare.Number("--frequency", "GHz of the overclocked row, within the operating points", 3.574, 0.01, 100);
    private readonly Option<double?> _ber = Declare.Optional<double>("--ber", "Hits per output element (or --ber-unit), in place of the rate that voltage or frequency imply", 0, 1);
    private readonly Option<int> _tile = Declare.Number("--tile", "Edge of a checksum tile", 32, 1, 256);
    private readonly Option<int> _threshold = Declare.Number("--threshold", "Least deviation of a line that flags it", 1024, 1, int.MaxValue);
    private readonly Option<int?> _interval = Declare.Optional("--interval", "Steps between checkpoints [default: the model's; under a cache three of its intervals]", 1, 1000);
    private readonly Option<string?> _json = Declare.Text("--json", "Also write result.json here", "FILE");
    private readonly Option<string> _rows =
        Declare.Text("--rows", $"Rows to run, separated by commas, or all: {string.Join(", ", CompareRow.Names)}; also {RowName.Form}", "LIST", "all");
    private readonly Option<string> _outputs = Declare.Choice("--outputs", "How outputs leave the INT32 accumulator", "saturating", ["saturating", "wide"]);
    private readonly Option<string?> _points = Declare.Text("--operating-points", "A table in place of the error model's own", "FILE.csv");

    private readonly Option<long?> _perStep = Declare.Optional("--checkpoint-bytes-per-step", "Save so many bytes each step, oldest layers first, in place of all layers every interval", 1, long.MaxValue);

    private readonly FaultArguments _faults = new();
    private readonly OffloadArguments _offload = new();

    private readonly Option<string> _energy = EnergyFile.Option();
    private readonly Option<string?> _policy = Declare.Text("--policy", "One more row: the protection and schedule of a policy file, as drift plan writes it", "FILE.json");
    private readonly Option<string?> _clip = Declare.Text("--clip", "Folder of a CLIPModel that scores pictures against their prompts [default: the model's]", "FOLDER");

    private readonly Option<string?> _against = Declare.Text("--against", "A row of --rows: prints how much better the others are in PSNR, paired by seed", "ROW");

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        _sampling.AddTo(command);
        _faults.AddTo(command);
        _offload.AddTo(command);
        _offload.AddPlaceTo(command);
        foreach (var option in new Option[] { _against, _voltage, _frequency, _ber, _tile, _threshold, _interval, _perStep, _json, _rows, _outputs, _points, _clip, _energy, _policy }.Where(option => !unused.Contains(option.Name)))
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">A model, class, row or file does not exist.</exception>
    public CompareOptions Bind(ParseResult parsed)
    {
        if (parsed.GetValue(_points) is { } points && !File.Exists(points))
            throw new UserErrorException($"--operating-points: there is no file {points}");
        var policy = parsed.GetValue(_policy);
        if (policy is not null && !File.Exists(policy))
            throw new UserErrorException($"--policy: there is no file {policy}");
        var sampling = _sampling.Bind(parsed);
        if (sampling.Out is { } folder && parsed.GetValue(_json) is { } json)
            RequireOutside(folder, json);
        var (rows, tile) = (Rows(parsed.GetRequiredValue(_rows)), parsed.GetValue(_tile));
        foreach (var row in rows)
        {
            if (!CompareRow.Names.Contains(row) && RowName.Parse(row) is { } name && tile > ProtectionCatalog.LargestTile(name.Protection))
                throw new UserErrorException($"--tile: {tile} is too large for the row {row}; expected at most {ProtectionCatalog.LargestTile(name.Protection)}");
        }

        return new CompareOptions(sampling, parsed.GetValue(_voltage), parsed.GetValue(_frequency), parsed.GetValue(_ber), tile,
            parsed.GetValue(_threshold), parsed.GetValue(_interval) ?? Interval(sampling), parsed.GetValue(_json), policy is null ? rows : [.. rows, CompareOptions.PolicyRow],
            parsed.GetRequiredValue(_outputs) == "wide" ? OutputForm.Wide : OutputForm.Saturating, parsed.GetValue(_points))
        {
            Clip = Clip(sampling.Model, parsed.GetValue(_clip)),
            Against = parsed.GetValue(_against) is not { } against || rows.Contains(against) ? parsed.GetValue(_against)
                : throw new UserErrorException($"--against: {against} is not among --rows; expected one of {string.Join(", ", rows)}"),
            Faults = _faults.Bind(parsed),
            Offload = _offload.Bind(parsed) with { Place = _offload.BindPlace(parsed, sampling.Backend) },
            BytesPerStep = parsed.GetValue(_perStep),
            Energy = parsed.GetRequiredValue(_energy),
            Policy = policy is null ? null : (policy, PolicyFile.Read(policy)),
        };
    }

    private static string? Clip(ModelFolder model, string? folder)
    {
        if (folder is null)
            return model.Defaults.Clip;
        if (!model.Kind.TakesPrompts)
            throw new UserErrorException($"--clip: {model.Path} draws classes; expected a model that draws prompts");
        return Directory.Exists(folder) ? folder : throw new UserErrorException($"--clip: there is no folder {folder}");
    }

    /// <summary>The paper's: that of the model, and 9 under TaylorSeer, whose computed steps are three apart. A step that is forecast saves no checkpoint, so the intervals must agree.</summary>
    private static int Interval(SamplingOptions sampling) => sampling.Cache is null or { Interval: 1 } ? sampling.Model.Kind.Schedule.Interval : CachedIntervals * sampling.Cache.Interval;

    /// <summary>The folder of a run takes its place only while nothing lies there.</summary>
    private static void RequireOutside(string folder, string json)
    {
        var inside = Path.GetRelativePath(folder, json);
        if (!Path.IsPathRooted(inside) && inside.Split(Path.DirectorySeparatorChar)[0] != "..")
            throw new UserErrorException($"--json: {json} lies inside --out {folder}, which gets a result.json of its own; expected a path outside");
    }

    private static IReadOnlyList<string> Rows(string list)
    {
        if (list == "all")
            return CompareRow.Names;
        var wanted = list.Split(',', StringSplitOptions.TrimEntries);
        if (wanted.FirstOrDefault(name => name != RowName.AllRivals && !CompareRow.Names.Contains(name) && RowName.Parse(name) is null) is { } unknown)
            throw new UserErrorException($"--rows: there is no row '{unknown}'; expected some of {string.Join(", ", CompareRow.Names)}, or {RowName.Form}");
        var others = wanted.SelectMany(name => name == RowName.AllRivals ? RowName.All : [name]).Except(CompareRow.Names);
        return [.. CompareRow.Names.Where(wanted.Contains), .. others];
    }
}
