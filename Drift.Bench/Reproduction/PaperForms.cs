using Drift.Dvfs;

namespace Drift.Bench;

/// <summary>The paper's closed forms for one of its models, in joules where the energy of a step's weights is quoted.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="ComputeToMemory">k.</param>
/// <param name="WeightJoules">Weight-access energy of a step, J; null where none is quoted.</param>
internal sealed record PaperForms(string Model, double ComputeToMemory, double? WeightJoules)
{
    /// <summary>Steps that the paper's totals count, for all models.</summary>
    private const int Steps = 50;

    /// <summary>The protections that the paper gives a form for.</summary>
    public static IReadOnlyList<TrueScheme> Schemes { get; } = [TrueScheme.Dmr, TrueScheme.StatAbft, TrueScheme.Rollback];

    /// <summary>The forms of each of the paper's models.</summary>
    public static PaperForms Of(string model)
    {
        var quoted = QuotedFigures.Load("layers");
        return new PaperForms(model, quoted.Find(model, "compute_to_memory") ?? throw new InvalidDataException($"data/paper/layers.csv: expected compute_to_memory of {model}"),
            quoted.Find(model, "weight_joules_per_step"));
    }

    /// <summary>A protection's name in tables and in data/paper.</summary>
    public static string Name(TrueScheme scheme) => scheme switch { TrueScheme.Dmr => "dmr", TrueScheme.StatAbft => "stat-abft", TrueScheme.Rollback => "drift", _ => "unprotected" };

    /// <summary>Energy over weight-access energy.</summary>
    public double Relative(TrueScheme scheme, Volts voltage, double rate) => scheme switch
    {
        TrueScheme.Dmr => ClosedForms.Dmr(ComputeToMemory, voltage, rate),
        TrueScheme.StatAbft => ClosedForms.StatAbft(ComputeToMemory, voltage, rate),
        TrueScheme.Rollback => ClosedForms.Ours(ComputeToMemory, voltage, rate),
        _ => throw new ArgumentOutOfRangeException(nameof(scheme), scheme, "the paper gives no form for it"),
    };

    /// <summary>Total energy, J; null where the weights' is not quoted.</summary>
    public double? Joules(TrueScheme scheme, Volts voltage, double rate) => Relative(scheme, voltage, rate) * WeightJoules * Steps;
}
