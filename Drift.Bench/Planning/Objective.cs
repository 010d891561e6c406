using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>What a plan makes small. Modelled, relative to the unprotected nominal run of the same pictures.</summary>
internal enum Objective
{
    /// <summary>Energy at the paper's ratio of compute to memory for this kind of model.</summary>
    Energy,

    /// <summary>Energy as this model has it.</summary>
    OwnEnergy,

    /// <summary>Time.</summary>
    Time,

    /// <summary>Energy at the paper's ratio times time.</summary>
    EnergyDelay,
}

/// <summary>What a run cost beside the unprotected nominal one. Modelled.</summary>
/// <param name="Energy">Energy at the paper's ratio of compute to memory.</param>
/// <param name="OwnEnergy">Energy as this model has it.</param>
/// <param name="Time">Time.</param>
internal readonly record struct RelativeCost(double Energy, double OwnEnergy, double Time)
{
    /// <summary>The names that a command line takes.</summary>
    public static IReadOnlyDictionary<string, Objective> Objectives { get; } = new Dictionary<string, Objective>
    {
        ["energy"] = Objective.Energy,
        ["own-energy"] = Objective.OwnEnergy,
        ["time"] = Objective.Time,
        ["energy-delay"] = Objective.EnergyDelay,
    };

    /// <summary>One cost against another.</summary>
    /// <param name="cost">Of the run.</param>
    /// <param name="nominal">Of the unprotected nominal run.</param>
    /// <param name="mix">The paper's ratio.</param>
    public static RelativeCost Of(Cost cost, Cost nominal, PaperMix mix) => new(
        1 - mix.Saving(cost.ChipEnergy / nominal.ChipEnergy, (double)cost.Moved.Value / nominal.Moved.Value), cost.Energy / nominal.Energy, cost.Time / nominal.Time);

    /// <summary>The number to make small.</summary>
    /// <param name="objective">What is wanted.</param>
    public double By(Objective objective) => objective switch
    {
        Objective.Energy => Energy,
        Objective.OwnEnergy => OwnEnergy,
        Objective.Time => Time,
        _ => Energy * Time,
    };
}
