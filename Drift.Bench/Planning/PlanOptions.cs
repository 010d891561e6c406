using System.Text.Json;

namespace Drift.Bench;

/// <summary>All settings of <c>drift plan</c>.</summary>
/// <param name="Sampling">What to draw; its pictures are those of the search.</param>
/// <param name="Budget">How good they must stay.</param>
/// <param name="Objective">What is made small.</param>
/// <param name="Codes">Protections to choose from.</param>
internal sealed record PlanOptions(SamplingOptions Sampling, QualityBudget Budget, Objective Objective, IReadOnlyList<string> Codes)
{
    /// <summary>Lowest voltage of the grid.</summary>
    public double Lowest { get; init; } = 0.6;

    /// <summary>Highest voltage of the grid.</summary>
    public double Highest { get; init; } = 0.75;

    /// <summary>Its step, V.</summary>
    public double Step { get; init; } = 0.01;

    /// <summary>Edge of a checksum tile, where the code allows it.</summary>
    public int Tile { get; init; } = 32;

    /// <summary>Fresh pictures on which the plan is verified.</summary>
    public int Fresh { get; init; } = 64;

    /// <summary>Pictures that share a reading of the weights.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Energies that work is charged at.</summary>
    public string Energy { get; init; } = EnergyFile.WithRegulator;

    /// <summary>CSV file that replaces the shipped table of error rates, or null.</summary>
    public string? OperatingPoints { get; init; }

    /// <summary>What errors a voltage brings.</summary>
    public FaultOptions Faults { get; init; } = FaultOptions.Standard;

    /// <summary>Whether outputs leave the accumulator wide; in the paper's schedule they saturate.</summary>
    public bool Wide { get; init; }

    /// <summary>How many codes, the cheapest ones, get a schedule of their own.</summary>
    public int Schedules { get; init; } = 1;

    /// <summary>Voltage of the paper's schedule.</summary>
    public double PaperVoltage { get; init; } = 0.675;

    /// <summary>The paper's schedule for this kind of model: the protection, the safe steps and the interval.</summary>
    public PolicyFile PaperSchedule() => new()
    {
        Policy = "paper",
        Interval = Sampling.Model.Kind.Schedule.Interval,
        Points = [new PolicyPoint(PaperVoltage)],
    };

    /// <summary>A comparison on the same machine.</summary>
    /// <param name="sampling">Its pictures.</param>
    public CompareOptions ToComparison(SamplingOptions sampling) => new(sampling, PaperVoltage, 2.0, null, Tile, Drift.Abft.ThresholdRule.PaperThreshold, sampling.Model.Kind.Schedule.Interval, null,
        ["nominal", "drift"], Models.OutputForm.Saturating, OperatingPoints) { Energy = Energy, Faults = Faults };

    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>(Sampling.ToSettings().Concat(Faults.ToSettings().Where(setting => setting.Key != "berUnit")))
    {
        ["budget"] = $"{Budget}",
        ["objective"] = $"{Objective}",
        ["codes"] = Codes,
        ["lowest"] = Lowest,
        ["highest"] = Highest,
        ["step"] = Step,
        ["tile"] = Tile,
        ["fresh"] = Fresh,
        ["batch"] = Batch,
        [InputFiles.EnergySetting] = Energy,
        [InputFiles.PointsSetting] = Faults.Model == Drift.Dvfs.ErrorModels.Paper ? OperatingPoints : Faults.File(OperatingPoints),
        ["wide"] = Wide,
        ["schedules"] = Schedules,
        ["paperVoltage"] = PaperVoltage,
    };

    /// <summary>The settings in one line, with the digests of what a plan reads; threads aside, which change no figure.</summary>
    public string ToLine() => JsonSerializer.Serialize(ToSettings().Where(setting => setting.Key != "threads").Append(new("files", InputFiles.Of(Sampling.Model, ToSettings()))).ToDictionary());
}
