using System.Text.Json.Serialization;
using Drift.Abft;

namespace Drift.Bench;

/// <summary>One configuration of a comparison. The properties are those of result.json, in its order; NaN, infinity and null mean absent there.</summary>
internal sealed record CompareRow
{
    /// <summary>The rows that exist, in table order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["fp32", "nominal", "unprotected", "rollback", "drift", "drift-overclocked", "unprotected-wide", "drift-wide"];

    /// <summary>One of <see cref="Names"/>, or a <see cref="RowName"/>.</summary>
    public required string Row { get; init; }

    /// <summary>Mean PSNR against the nominal row, dB. Measured.</summary>
    public double? Psnr { get; init; }

    /// <summary>Lower end of its 95 % interval.</summary>
    public double? PsnrLow { get; init; }

    /// <summary>Upper end of its 95 % interval.</summary>
    public double? PsnrHigh { get; init; }

    /// <summary>Mean SSIM against the nominal row. Measured.</summary>
    public double? Ssim { get; init; }

    /// <summary>Lower end of its 95 % interval; in the table and result.csv, which result.json's schema leaves out.</summary>
    [JsonIgnore]
    public double? SsimLow { get; init; }

    /// <summary>Upper end of its 95 % interval.</summary>
    [JsonIgnore]
    public double? SsimHigh { get; init; }

    /// <summary>Share of pictures that the shipped classifier finds right, 0..1. Measured.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Mean cosine of pictures and their prompts in a CLIP's eyes, -1..1; absent where no CLIP looked. Measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ClipScore { get; init; }

    /// <summary>Mean feature distance to the nominal row in that CLIP's eyes, at least 0; absent where no CLIP looked. Measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? FeatureDistance { get; init; }

    /// <summary>Flips injected. Measured.</summary>
    public long? FaultsInjected { get; init; }

    /// <summary>Lines of tiles whose deviation reached the threshold. Measured.</summary>
    public long? LinesFlagged { get; init; }

    /// <summary>Outputs replaced by a checkpoint's. Measured.</summary>
    public long? ElementsMended { get; init; }

    /// <summary>Elements hit by 2^10 or more that were not replaced. Measured.</summary>
    public long? MissedLarge { get; init; }

    /// <summary>Flagged lines on which no fault lies. Measured.</summary>
    public long? FalseAlarms { get; init; }

    /// <summary>Energy of an image, J. Modelled.</summary>
    public double? EnergyJoulesPerImage { get; init; }

    /// <summary>Energy saved against the nominal row, percent. Modelled.</summary>
    public double? EnergySavedPercent { get; init; }

    /// <summary>Energy saved at the paper's compute-to-memory ratio, percent. Modelled on a quoted ratio.</summary>
    public double? EnergySavedPercentPaperMix { get; init; }

    /// <summary>Speed against the nominal row. Modelled.</summary>
    public double? Speedup { get; init; }

    /// <summary>What became of the flips; in the rows that name a protection only, which the schema of the eight leaves out. Measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Outcome? Outcome { get; init; }

    /// <summary>Energy of checks, of products executed again and of checkpoint traffic, over all the rest, percent; in the rows that have an outcome. Modelled.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? OverheadPercent { get; init; }

    /// <summary>Time of an image on the array, seconds; in the rows that have an outcome. Modelled.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? SecondsPerImage { get; init; }

    /// <summary>Time that the row took here, seconds. Measured.</summary>
    public double? WallSeconds { get; init; }

    /// <summary>How much better than the row of <c>--against</c> it is; null where none was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PairedDifference? Gain { get; init; }

    /// <summary>How often outputs are hit at the row's point. Modelled or quoted, as its source says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ErrorRateRecord? ErrorRate { get; init; }
}
