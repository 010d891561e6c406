using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A campaign as it is asked for, by options or by a file; what is left open is filled in by the model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Over">Axes of the product, separated by commas; null where the values say which.</param>
/// <param name="Values">Values of axes, as lists; an axis that has some is swept, named or not.</param>
/// <param name="Metrics">What is measured, separated by commas.</param>
/// <param name="HalfWidth">Half width of the first metric's interval, with or without its unit; null for the default.</param>
/// <param name="Trials">Trials of every cell, in place of a width.</param>
/// <param name="Floor">Trials before a cell may stop.</param>
/// <param name="Ceiling">Trials at which it stops.</param>
/// <param name="Bound">How intervals are made.</param>
/// <param name="Steps">Sampling steps; null for the model's.</param>
/// <param name="Guidance">Guidance; null for the model's.</param>
/// <param name="Seed">First seed.</param>
/// <param name="Outputs">How outputs leave the accumulator.</param>
/// <param name="Subjects">Names of what pictures show.</param>
internal sealed record PlanRequest(ModelFolder Model, string? Over, IReadOnlyDictionary<string, string> Values, string Metrics, string? HalfWidth, int? Trials, int Floor, int Ceiling,
    string Bound, int? Steps, double? Guidance, ulong Seed, string Outputs, IReadOnlyList<string> Subjects)
{
    /// <summary>The outlier experiment's factor; 1 for the model as it is.</summary>
    public double Outliers { get; init; } = 1;

    private const double StandardDecibels = 0.5;
    private const string StandardOver = "step,block";

    /// <summary>The plan.</summary>
    /// <exception cref="UserErrorException">An axis, value or metric does not exist, two of them contradict each other, or the product is empty.</exception>
    public CampaignPlan ToPlan()
    {
        var steps = Steps ?? Model.Defaults.Steps;
        var metrics = Metrics.Split(',', StringSplitOptions.TrimEntries).Select(Metric.Named).ToList();
        var ground = AxisGround.Of(DiffusionPipeline.Load(Model.Path), steps, Subjects);
        var names = (Over ?? (Values.Count > 0 ? "" : StandardOver)).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Concat(Values.Keys).Distinct().ToList();
        if (names.FirstOrDefault(name => !Axes.Names.Contains(name)) is { } unknown)
            throw new UserErrorException($"--over: there is no axis '{unknown}'; expected some of {string.Join(", ", Axes.Names)}");
        if (names.Count == 0)
            throw new UserErrorException($"--over: no axis is named, so the product is empty; expected some of {string.Join(", ", Axes.Names)}");
        if (names.Contains(Axes.Voltage) && names.Contains(Axes.Rate))
            throw new UserErrorException("--over: a voltage implies its rate; expected one of the axes rate and voltage");
        if (names.Contains(Axes.Shift) && names.Exists(name => name is not (Axes.Shift or Axes.Step or Axes.Seed or Axes.Subject)))
            throw new UserErrorException("--over: a latent is shifted before a step, without faults; expected no other axes beside latent-shift than step, seed and class");
        if (names.Contains(Axes.Errors) && !names.Contains(Axes.Voltage))
            throw new UserErrorException("--over: an error model turns voltages into rates; expected the axis voltage beside error-model");
        var axes = Axes.Names.Where(names.Contains).Select(name => new Axis(name, Axes.Values(name, Values.GetValueOrDefault(name), ground))).ToList();
        Axes.RequireFew(axes);
        RequireTiles(axes);
        return new CampaignPlan(Named(Model), Digest(Model), steps, Guidance ?? Model.Defaults.Guidance, Seed, Subjects, Outputs, [.. metrics.Select(metric => metric.Name)], axes, Fixed(names), Stop(metrics[0])) { Outliers = Outliers };
    }

    /// <summary>Holds a plan that was read against its model.</summary>
    /// <exception cref="UserErrorException">An axis or a value does not exist.</exception>
    public static void Check(CampaignPlan plan, ModelFolder model)
    {
        var ground = AxisGround.Of(DiffusionPipeline.Load(model.Path), plan.Steps, plan.Subjects);
        foreach (var axis in plan.Axes)
        {
            if (!Axes.Names.Contains(axis.Name))
                throw new UserErrorException($"{CampaignFolder.PlanFile}: there is no axis '{axis.Name}'; expected some of {string.Join(", ", Axes.Names)}");
            // A prompt may hold commas; all others are read as on the command line.
            if (axis.Name != Axes.Subject)
                Axes.Values(axis.Name, string.Join(',', axis.Values), ground);
        }

        Axes.RequireFew(plan.Axes);
        RequireTiles(plan.Axes);
    }

    /// <summary>A decoder reads tiles of some sizes only.</summary>
    private static void RequireTiles(IReadOnlyList<Axis> axes)
    {
        IReadOnlyList<string> Of(string name) => axes.FirstOrDefault(axis => axis.Name == name)?.Values ?? [];
        foreach (var protection in Of(Axes.Protection))
        {
            if (Of(Axes.Tile).FirstOrDefault(tile => int.Parse(tile, CultureInfo.InvariantCulture) > ProtectionCatalog.LargestTile(protection)) is { } large)
                throw new UserErrorException($"--tiles: {large} is too large for {protection}; expected at most {ProtectionCatalog.LargestTile(protection)}");
        }
    }

    private Dictionary<string, string> Fixed(List<string> names)
    {
        var standard = new Dictionary<string, string>
        {
            [Axes.Errors] = Drift.Dvfs.ErrorModels.Paper,
            [Axes.Protection] = "none",
            [Axes.Tile] = "32",
            [Axes.Threshold] = "1024",
            [Axes.Interval] = Model.Kind.Schedule.Interval.ToString(CultureInfo.InvariantCulture),
        };
        if (!names.Contains(Axes.Voltage))
            standard[Axes.Rate] = names.Contains(Axes.Shift) ? "0" : Axes.PaperRate;
        return standard.Where(value => !names.Contains(value.Key)).ToDictionary();
    }

    private Stopping Stop(Metric decides)
    {
        if (HalfWidth is not null && Trials is not null)
            throw new UserErrorException("--trials: the number is fixed, or the width is; expected one of --trials and --ci");
        if (Trials is { } fixedNumber)
            return new Stopping(null, fixedNumber, fixedNumber, Bound);
        if (Floor > Ceiling)
            throw new UserErrorException($"--floor: {Floor} trials are more than the {Ceiling} of --ceiling; expected at most as many");
        if (Bound == StoppingRule.Bernstein && decides.Range is null)
            throw new UserErrorException($"--bound: {decides.Name} has no largest value, which an empirical Bernstein interval needs; expected --bound {StoppingRule.Student}");
        if (HalfWidth is null && decides.Unit != "dB")
            throw new UserErrorException($"--ci: expected a width for {decides.Name}, or --trials");
        var text = HalfWidth ?? "";
        if (decides.Unit.Length > 0 && text.EndsWith(decides.Unit, StringComparison.OrdinalIgnoreCase))
            text = text[..^decides.Unit.Length];
        var width = HalfWidth is null ? StandardDecibels : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given > 0 && double.IsFinite(given) ? given
            : throw new UserErrorException($"--ci: expected a number above 0{(decides.Unit.Length > 0 ? $" of {decides.Unit}" : "")}, got '{HalfWidth}'");
        return new Stopping(width, Floor, Ceiling, Bound);
    }

    private static string Named(ModelFolder model) => ModelFolder.Shipped().Contains(model.Name) && model.Path == Path.GetFullPath(DataFolder.At("models", model.Name)) ? model.Name : model.Path;

    /// <summary>Over every file of the model that is read, and its name.</summary>
    public static string Digest(ModelFolder model)
    {
        var files = InputFiles.Of(model, new Dictionary<string, object?>()).ModelDigests;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(file => $"{file.Key} {file.Value}")))))[..16];
    }
}
