using System.Globalization;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What a campaign can vary: the names of axes, the values that they take where none are given, and how given ones are read.</summary>
internal static class Axes
{
    public const string Step = "step", Block = "block", Role = "role", Bit = "bit", Rate = "rate", Voltage = "voltage", Seed = "seed", Subject = "class",
        Protection = "protection", Tile = "tile", Threshold = "threshold", Interval = "interval", Errors = "error-model", Shift = "latent-shift";

    /// <summary>Hits per element where nothing says otherwise: the paper's main result.</summary>
    public const string PaperRate = "0.003";

    /// <summary>Cells of a campaign at most: each takes memory before the first trial.</summary>
    private const long MostCells = 1_000_000;

    private const int StepGroups = 10, FewSeeds = 10, MostSeeds = 100_000;
    private const string Span = "..";

    private static readonly IReadOnlyList<double> PaperRates = [1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];

    /// <summary>Protections whose clean runs are not the unprotected ones, bit by bit; the second needs a profile of its own.</summary>
    private static readonly IReadOnlyList<string> Altering = ["thundervolt"], Missing = ["range-clamp"];

    /// <summary>All axes, in the order in which a product is written.</summary>
    public static IReadOnlyList<string> Names { get; } = [Voltage, Errors, Rate, Protection, Tile, Threshold, Interval, Subject, Seed, Shift, Bit, Role, Step, Block];

    /// <summary>Groups of roles that go by one name.</summary>
    public static IReadOnlyDictionary<string, IReadOnlySet<GemmRole>> Roles { get; } = new Dictionary<string, IReadOnlySet<GemmRole>>
    {
        ["qkv"] = new HashSet<GemmRole> { GemmRole.Query, GemmRole.Key, GemmRole.Value },
        ["proj"] = new HashSet<GemmRole> { GemmRole.Output },
        ["fc1"] = new HashSet<GemmRole> { GemmRole.FeedForward1 },
        ["fc2"] = new HashSet<GemmRole> { GemmRole.FeedForward2 },
        ["cross-attention"] = new HashSet<GemmRole> { GemmRole.CrossQuery, GemmRole.CrossKey, GemmRole.CrossValue, GemmRole.CrossOutput },
        ["conv"] = new HashSet<GemmRole> { GemmRole.Convolution },
        ["time-embedding"] = new HashSet<GemmRole> { GemmRole.TimestepEmbedding },
        ["embedding"] = new HashSet<GemmRole> { GemmRole.TimestepEmbedding, GemmRole.SizeEmbedding, GemmRole.CaptionProjection, GemmRole.PatchEmbedding },
        ["modulation"] = new HashSet<GemmRole> { GemmRole.Modulation },
        ["final"] = new HashSet<GemmRole> { GemmRole.FinalProjection },
    };

    /// <summary>Whether a protection leaves a run without faults as it is without protection.</summary>
    public static bool LeavesCleanRuns(string protection) => !Altering.Contains(protection);

    /// <summary>The values of an axis.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="list">Values separated by commas, ranges as a..b; null for those that stand for all.</param>
    /// <param name="ground">What there is to vary over.</param>
    /// <exception cref="UserErrorException">A value does not exist; the message says what does.</exception>
    public static IReadOnlyList<string> Values(string name, string? list, AxisGround ground)
    {
        var values = list is null ? Standard(name, ground) : list.Split(',', StringSplitOptions.TrimEntries).SelectMany(value => Read(name, value, ground)).ToList();
        return values.Count == 0 ? throw new UserErrorException($"--over: the axis {name} has no values, so the product is empty; expected {Expected(name, ground)}")
            : values.Distinct().Count() == values.Count ? values
            : throw new UserErrorException($"--{name}s: {values.GroupBy(value => value).First(group => group.Count() > 1).Key} is given twice; expected each value once");
    }

    /// <summary>Refuses a product that nobody could run.</summary>
    /// <param name="axes">The axes.</param>
    /// <exception cref="UserErrorException">It has too many cells.</exception>
    public static void RequireFew(IReadOnlyList<Axis> axes)
    {
        if (axes.Aggregate(1.0, (product, axis) => product * axis.Values.Count) is > MostCells and var cells)
            throw new UserErrorException(string.Create(CultureInfo.InvariantCulture, $"--over: {string.Join(" x ", axes.Select(axis => $"{axis.Values.Count} {axis.Name}"))} are {cells:0.##e0} cells; expected at most {MostCells}"));
    }

    private static IReadOnlyList<string> Standard(string name, AxisGround ground) => name switch
    {
        Step => [.. Groups(ground.Steps)],
        Block => [.. ground.Blocks.Select(Text)],
        Role => [.. Roles.Where(role => role.Value.Overlaps(ground.Kind.GuardedRoles)).Select(role => role.Key)],
        Bit => [.. Enumerable.Range(0, 31).Select(Text)],
        Rate => [.. PaperRates.Select(Text)],
        Voltage => [.. RowName.Voltages.Select(Text)],
        Seed => [.. Enumerable.Range(0, FewSeeds).Select(Text)],
        Subject => ground.Subjects,
        Protection => [.. ProtectionCatalog.Names.Except(Missing)],
        Tile => ["32", "64", "128", "256"],
        Threshold => ["256", "1024", "4096", "16384"],
        Interval => ["2", "5", "10"],
        Shift => ["0.5", "1", "2", "4"],
        _ => [.. ErrorModels.Names],
    };

    private static IEnumerable<string> Read(string name, string value, AxisGround ground)
    {
        var complaint = new Lazy<UserErrorException>(() => new UserErrorException($"--{name}s: there is no {name} '{value}'; expected {Expected(name, ground)}"));
        switch (name)
        {
            case Step:
                return Whole(value, 0, ground.Steps - 1)?.Select(step => $"{step}-{step}")
                    ?? (Steps(value) is var (first, last) && first <= last && last < ground.Steps ? [$"{first}-{last}"] : throw complaint.Value);
            case Block:
                return Whole(value, 0, int.MaxValue) is { } blocks && blocks.All(block => ground.Blocks.Contains((int)block)) ? blocks.Select(Text) : throw complaint.Value;
            case Bit:
                return Whole(value, 0, 31)?.Select(Text) ?? throw complaint.Value;
            case Seed:
                return Whole(value, 0, long.MaxValue)?.Select(Text) ?? throw complaint.Value;
            case Tile:
                return Whole(value, 1, GemmWeights.LargestTile)?.Select(Text) ?? throw complaint.Value;
            case Threshold:
                return Whole(value, 1, int.MaxValue)?.Select(Text) ?? throw complaint.Value;
            case Interval:
                return Whole(value, 1, 1000)?.Select(Text) ?? throw complaint.Value;
            case Rate:
                return Numbers(value, 0, 1) ?? throw complaint.Value;
            case Voltage:
                return Number(value) is { } volts && volts is > 0 and <= 10 ? [Text(volts)] : throw complaint.Value;
            case Shift:
                return Number(value) is { } shift && double.IsFinite(shift) ? [Text(shift)] : throw complaint.Value;
            case Role:
                return Roles.TryGetValue(value, out var roles) && ground.Roles.Overlaps(roles) ? [value] : throw complaint.Value;
            default:
                return Standard(name, ground).Contains(value) ? [value] : throw complaint.Value;
        }
    }

    private static string Expected(string name, AxisGround ground) => name switch
    {
        Step => $"steps within 0-{ground.Steps - 1}: one, a..b for each of some, or first-last for some that are hit together",
        Block => $"blocks among {string.Join(", ", ground.Blocks)}, or a..b",
        Role => $"some of {string.Join(", ", Roles.Where(role => role.Value.Overlaps(ground.Roles)).Select(role => role.Key))}",
        Bit => "bits 0..31",
        Rate => $"hits per element from 0 to 1, or a..b for those of {string.Join(", ", PaperRates.Select(Text))} between",
        Voltage => "volts",
        Seed => "whole numbers from 0",
        Tile => $"edges 1..{GemmWeights.LargestTile}",
        Threshold => "deviations from 1",
        Interval => "steps 1..1000",
        Shift => "numbers",
        _ => $"some of {string.Join(", ", Standard(name, ground))}",
    };

    /// <summary>Ten groups of steps, as even as they come; fewer where there are fewer steps.</summary>
    private static IEnumerable<string> Groups(int steps)
    {
        var groups = Math.Min(StepGroups, steps);
        return Enumerable.Range(0, groups).Select(group => $"{group * steps / groups}-{(group + 1) * steps / groups - 1}");
    }

    /// <summary>A range of steps, or one step.</summary>
    public static (int First, int Last)? Steps(string value)
    {
        var parts = value.Split('-');
        return parts.Length <= 2 && parts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[^1], CultureInfo.InvariantCulture))
            : null;
    }

    private static IReadOnlyList<long>? Whole(string value, long least, long most)
    {
        var parts = value.Split(Span);
        if (parts.Length > 2 || !parts.All(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most))
            return null;
        var (first, last) = (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[^1], CultureInfo.InvariantCulture));
        return last >= first && last - first < MostSeeds ? [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => first + i)] : null;
    }

    private static IReadOnlyList<string>? Numbers(string value, double least, double most)
    {
        var ends = value.Split(Span).Select(Number).ToList();
        if (ends.Count > 2 || ends.Exists(end => !(end >= least && end <= most)))
            return null;
        // The ends themselves count, whether the paper has them or not.
        return ends.Count == 1 ? [Text(ends[0]!.Value)]
            : [.. PaperRates.Concat([ends[0]!.Value, ends[1]!.Value]).Where(rate => rate >= ends[0] && rate <= ends[1]).Distinct().Order().Select(Text)];
    }

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>What a campaign can vary over in a model.</summary>
/// <param name="Kind">The model's pipeline.</param>
/// <param name="Steps">Sampling steps.</param>
/// <param name="Blocks">Blocks with guarded layers, ascending.</param>
/// <param name="Roles">Roles of the model's layers.</param>
/// <param name="Subjects">Classes or prompts.</param>
internal sealed record AxisGround(PipelineKind Kind, int Steps, IReadOnlyList<int> Blocks, IReadOnlySet<GemmRole> Roles, IReadOnlyList<string> Subjects)
{
    /// <summary>Looks at a model.</summary>
    public static AxisGround Of(DiffusionPipeline pipeline, int steps, IReadOnlyList<string> subjects)
    {
        var layers = pipeline.Denoiser.Layers.Select(layer => layer.Key).ToList();
        return new AxisGround(pipeline.Kind, steps, [.. layers.Where(pipeline.Kind.Guards).Select(layer => layer.Block).Distinct().Order()],
            layers.Select(layer => layer.Role).ToHashSet(), subjects);
    }
}
