using Drift.Models;

namespace Drift.Bench;

/// <summary>A plan on fresh pictures, beside the paper's schedule on the same ones.</summary>
/// <param name="Pictures">How many.</param>
/// <param name="FirstSeed">Seed of the first.</param>
/// <param name="Kept">Whether the budget holds: the interval of the margin does not reach below 0.</param>
/// <param name="Quality">Mean of the budget's metric, and its 95 % interval. Measured.</param>
/// <param name="PaperQuality">The same of the paper's schedule. Measured.</param>
/// <param name="Difference">Plan less paper, pair by pair. Measured.</param>
/// <param name="SavedPercent">Energy saved at the paper's ratio. Modelled on a quoted ratio.</param>
/// <param name="PaperSavedPercent">The same of the paper's schedule.</param>
/// <param name="OwnSavedPercent">Energy saved of the model's own. Modelled.</param>
/// <param name="PaperOwnSavedPercent">The same of the paper's schedule.</param>
/// <param name="Speedup">Against the nominal run. Modelled.</param>
/// <param name="PaperSpeedup">The same of the paper's schedule.</param>
internal sealed record PlanVerification(int Pictures, ulong FirstSeed, bool Kept, ConfidenceInterval Quality, ConfidenceInterval PaperQuality, ConfidenceInterval Difference,
    double SavedPercent, double PaperSavedPercent, double OwnSavedPercent, double PaperOwnSavedPercent, double Speedup, double PaperSpeedup);

/// <summary>plan.json: what was asked, what was measured, and what came of it.</summary>
/// <param name="Settings">Every setting by name.</param>
/// <param name="Policy">The plan.</param>
/// <param name="Verifications">On fresh pictures, the last one counts; an earlier one failed.</param>
/// <param name="Sensitivities">How each part of the run answers to a lower voltage.</param>
/// <param name="Trials">Everything that was tried on the calibration pictures.</param>
internal sealed record PlanResult(IReadOnlyDictionary<string, object?> Settings, PolicyFile Policy, IReadOnlyList<PlanVerification> Verifications,
    IReadOnlyList<PartSensitivity> Sensitivities, IReadOnlyList<PlanTrial> Trials);
