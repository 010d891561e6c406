using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A rule of a policy file: which steps, blocks and roles (numbers, ranges or names separated by commas; * for all), and their point.</summary>
/// <param name="Volts">Supply voltage.</param>
/// <param name="Gigahertz">Clock.</param>
internal sealed record PolicyPoint([property: JsonRequired] double Volts, double Gigahertz = 2.0)
{
    /// <summary>Steps, 0 first.</summary>
    public string Steps { get; init; } = Selection.All;

    /// <summary>Blocks, 0 first.</summary>
    public string Blocks { get; init; } = Selection.All;

    /// <summary>Roles.</summary>
    public string Roles { get; init; } = Selection.All;
}

/// <summary>What a closed loop of a policy file aims at.</summary>
/// <param name="TargetRate">Hits per element.</param>
/// <param name="Lowest">Lowest supply, V.</param>
/// <param name="Highest">Highest supply, V.</param>
/// <param name="Level">A factor on the rates that are believed.</param>
internal sealed record PolicyLoop([property: JsonRequired] double TargetRate, double Lowest = 0.6, double Highest = 0.9, double Level = 1);

/// <summary>A droop's guard.</summary>
/// <param name="Volts">By how much it raises the supply.</param>
/// <param name="Products">For how long.</param>
internal sealed record PolicyGuard(double Volts = 0.02, int Products = 8);

/// <summary>A policy file: what protects a run, and where its products execute.</summary>
internal sealed record PolicyFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        ReadCommentHandling = JsonCommentHandling.Skip,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        NewLine = "\n",
    };

    private static readonly Regex Quoted = new("'([^']*)'");

    private const string Part = "fields and their values, in braces";

    private static readonly (string Type, string Words)[] Kinds =
    [
        ("System.String", "text, in quotes"),
        ("System.Double", "a number"),
        ("System.Int32", "a whole number"),
        ("System.Boolean", "true or false"),
        ("System.Collections.Generic.IReadOnlyList", "a list of rules, in square brackets"),
        ("Drift.Bench.Policy", Part),
    ];

    /// <summary>Name of the protection.</summary>
    public string Protection { get; init; } = "rollback";

    /// <summary>Edge of a checksum tile.</summary>
    public int Tile { get; init; } = 32;

    /// <summary>Smallest deviation that flags a line.</summary>
    public int Threshold { get; init; } = ThresholdRule.PaperThreshold;

    /// <summary>Steps between checkpoints.</summary>
    public int Interval { get; init; } = CheckpointInterval.Paper;

    /// <summary>Whether outputs are wide.</summary>
    public bool Wide { get; init; }

    /// <summary>Name of the policy.</summary>
    public string Policy { get; init; } = PolicyCatalog.Table;

    /// <summary>The schedule; the last rule that covers a product counts, and a product that none covers runs at the nominal point.</summary>
    public IReadOnlyList<PolicyPoint> Points { get; init; } = [];

    /// <summary>A closed loop's aim.</summary>
    public PolicyLoop? Loop { get; init; }

    /// <summary>A droop's guard.</summary>
    public PolicyGuard? Guard { get; init; }

    /// <summary>Reads a file and checks what can be checked without a model.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException">It is not of its form; the message has file, place and what was expected.</exception>
    public static PolicyFile Read(string path)
    {
        try
        {
            var file = JsonSerializer.Deserialize<PolicyFile>(File.ReadAllBytes(path), Options) ?? throw new UserErrorException($"{path}: expected a policy, found null");
            file.Check(path);
            return file;
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"{path}, line {exception.LineNumber + 1}: {Complaint(exception)}", exception);
        }
    }

    /// <summary>What is wrong, in the file's terms: a value of the wrong kind is said by its place and what belongs there.</summary>
    private static string Complaint(JsonException exception)
    {
        var place = exception.Path?.TrimStart('$', '.') ?? "";
        // A rule, a loop and a guard are read whole: what is in them are numbers, but for the text that is named as such.
        var wanted = Kinds.FirstOrDefault(kind => exception.Message.Contains("could not be converted to " + kind.Type, StringComparison.Ordinal)).Words is not { } words ? null
            : words != Part ? words : place.EndsWith(']') || !place.Contains('.', StringComparison.Ordinal) ? Part : "a number";
        return wanted is not null ? $"{(place.Length > 0 ? $"{place}: " : "")}expected {wanted}" : $"expected a policy as docs/policy.md describes it: {Reason(exception.Message, place)}";
    }

    /// <summary>The reader's own words without those that speak of .NET.</summary>
    private static string Reason(string message, string place)
    {
        var names = Quoted.Matches(message).Select(match => match.Groups[1].Value).ToList();
        return message.Contains("could not be mapped", StringComparison.Ordinal) ? $"there is no field '{names[0]}'"
            : message.Contains("missing required properties", StringComparison.Ordinal) ? $"{(place.Length > 0 ? $"{place} has" : "there is")} no {names[^1]}"
            : message.Contains("setting null values", StringComparison.Ordinal) ? $"{place} is null"
            : message.Split(" Path: ")[0].Replace(" which is not supported in this mode. Change the reader options.", ".", StringComparison.Ordinal);
    }

    /// <summary>UTF-8 text that <see cref="Read"/> takes.</summary>
    public byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Options), (byte)'\n'];

    /// <summary>The points that it names, and the ends of a closed loop's range.</summary>
    public IEnumerable<OperatingPoint> NamedPoints() => Points.Select(point => OperatingPoint.Of(point.Volts, point.Gigahertz))
        .Concat(Loop is { } loop ? [OperatingPoint.Of(loop.Lowest, 2.0), OperatingPoint.Of(loop.Highest, 2.0)] : []).Distinct();

    /// <summary>The same with another voltage wherever it goes below the nominal one.</summary>
    /// <param name="voltage">The voltage.</param>
    public PolicyFile At(Volts voltage) => this with { Points = [.. Points.Select(point => point.Volts < OperatingPoint.Nominal.Voltage.Value ? point with { Volts = voltage.Value } : point)] };

    /// <summary>How a run executes its layers under it.</summary>
    /// <param name="path">The file, for complaints.</param>
    /// <param name="scope">What steps, blocks and roles exist.</param>
    /// <param name="assumed">What a closed loop believes.</param>
    /// <param name="kind">The pipeline.</param>
    /// <param name="ranges">Ranges of a clean run, asked for only where a protection needs them.</param>
    /// <exception cref="UserErrorException">It names a step, block or role that does not exist; the message says what does. Or a closed loop is to believe rates per MAC.</exception>
    public Strategy ToStrategy(string path, PolicyScope scope, IErrorRates assumed, PipelineKind kind, Func<RangeProfile> ranges)
    {
        var rules = Points.Select((point, i) => scope.Rule(point, $"{path}: points[{i}]")).ToList();
        var loop = Loop is { } aim ? new LoopSettings(aim.TargetRate, new Volts(aim.Lowest), new Volts(aim.Highest)) : new LoopSettings(0.5, new Volts(0.6), new Volts(0.9));
        if (Policy == "adaptive" && !AdaptivePolicy.CanBelieve(assumed, loop))
            throw new UserErrorException($"{path}: the policy {Policy} aims at a rate per element; expected operating points with rate_per_element or rate_per_bit, not the rates per MAC of {assumed.Name}");
        var settings = new PolicySettings(rules, loop, assumed)
        {
            Steps = scope.Steps,
            SafeSteps = kind.Schedule.SafeSteps,
            SafeLastSteps = kind.Schedule.SafeLastSteps,
            Level = Loop?.Level ?? 1,
            Guard = new Volts((Guard ?? new PolicyGuard()).Volts),
            Hold = (Guard ?? new PolicyGuard()).Products,
        };
        var protection = ProtectionCatalog.Open(Protection, new ProtectionSettings(Tile, Threshold, Interval, Protection == "range-clamp" ? ranges() : new RangeProfile()));
        return new Strategy(() => PolicyCatalog.Open(Policy, settings), Wide ? OutputForm.Wide : OutputForm.Saturating, protection) { Covers = kind.Guards };
    }

    private void Check(string path)
    {
        void Require(bool sound, string expected)
        {
            if (!sound)
                throw new UserErrorException($"{path}: expected {expected}");
        }

        Require(ProtectionCatalog.Names.Contains(Protection), $"protection to be one of {string.Join(", ", ProtectionCatalog.Names)}, not '{Protection}'");
        Require(PolicyCatalog.Names.Contains(Policy), $"policy to be one of {string.Join(", ", PolicyCatalog.Names)}, not '{Policy}'");
        Require(Tile >= 1 && Tile <= ProtectionCatalog.LargestTile(Protection), $"tile from 1 to {ProtectionCatalog.LargestTile(Protection)} for {Protection}, not {Tile}");
        Require(Threshold >= 1, $"threshold of at least 1, not {Threshold}");
        Require(Interval >= 1, $"interval of at least 1 step, not {Interval}");
        Require(Policy == "adaptive" || Points.Count > 0, "at least one entry in points");
        Require(Policy is not ("uniform" or "paper") || Points is [null or { Steps: Selection.All, Blocks: Selection.All, Roles: Selection.All }],
            $"one entry in points, without steps, blocks or roles, for the policy {Policy}; a schedule is the policy {PolicyCatalog.Table}");
        Require(Policy != "adaptive" || Loop is not null, "loop with its targetRate, which the policy adaptive aims at");
        Require(Policy is not ("adaptive" or "droop-aware") || ProtectionCatalog.Open(Protection, new ProtectionSettings(Tile, Threshold, Interval, new RangeProfile())) is { Tile: > 0 },
            $"a protection with line sums: the policy {Policy} listens to its alarms, and {Protection} raises none");
        for (var i = 0; i < Points.Count; i++)
            Require(Points[i] is not null && Points[i].Volts > 0 && double.IsFinite(Points[i].Volts) && Points[i].Gigahertz > 0 && double.IsFinite(Points[i].Gigahertz), $"points[{i}] to have volts and gigahertz above 0");
        Require(Loop is null or { TargetRate: > 0 and < 1, Level: > 0, Lowest: > 0 } && (Loop is null || Loop.Lowest < Loop.Highest), "loop with a targetRate between 0 and 1, a level above 0, and lowest below highest");
        Require(Guard is null or { Volts: > 0, Products: >= 1 }, "guard with volts above 0 and at least 1 of products");
    }
}
