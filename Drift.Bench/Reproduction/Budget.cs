namespace Drift.Bench;

/// <summary>How much is drawn for the measured tables. The steps are the paper's in every budget of the command line.</summary>
/// <param name="Name">What the command line calls it, without dashes.</param>
/// <param name="Pictures">Pictures of a model of classes for each point.</param>
/// <param name="Prompted">Pictures of a model of prompts for each point: they cost more.</param>
/// <param name="Rates">Error rates of curves, ascending.</param>
/// <param name="Timing">How long products are timed.</param>
/// <param name="Steps">Sampling steps in place of the models' own; null for those. Only tests of the form shorten a run.</param>
internal sealed record Budget(string Name, int Pictures, int Prompted, IReadOnlyList<double> Rates, DuelSettings Timing, int? Steps = null)
{
    private static readonly IReadOnlyList<double> PaperRates = [1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];

    /// <summary>All tables within ten minutes on two cores.</summary>
    public static Budget Quick { get; } = new("quick", 6, 2, PaperRates, DuelSettings.Quick);

    /// <summary>All tables within two hours on two cores.</summary>
    public static Budget Full { get; } = new("full", 60, 16, PaperRates, DuelSettings.Full);
}
