using Drift.Kernels;

namespace Drift.Models;

/// <summary>How a feature is forecast from those that were computed.</summary>
public enum ForecastForm
{
    /// <summary>Backward differences in a Taylor series, F + k F' + k^2 F'' / 2, as TaylorSeer publishes it (Liu et al., arXiv 2503.06923). Exact for straight lines only.</summary>
    Taylor,

    /// <summary>The polynomial through the features (Newton's divided differences): exact for polynomials of the order.</summary>
    Newton,
}

/// <summary>
/// Blocks computed at some steps and forecast at the others. What is forecast are the branches of a block, attention and feed-forward, before their gates; norms, gates
/// and embeddings are computed at every step.
/// </summary>
/// <param name="Interval">Steps from one computed one to the next, at least 1; 1 computes all.</param>
/// <param name="Order">Highest order of differences, at least 0; 0 reuses the last feature.</param>
/// <param name="Form">How a feature is forecast.</param>
public sealed record FeatureCache(int Interval, int Order, ForecastForm Form)
{
    /// <summary>The paper's setting of TaylorSeer.</summary>
    public const int PaperInterval = 3, PaperOrder = 2;

    /// <summary>
    /// Whether the blocks are computed at a step: the first two, then every interval-th. The second one gives the first differences, and puts the computed steps onto the
    /// steps that save checkpoints (step mod 9 = 1).
    /// </summary>
    /// <param name="step">Step, 0 first.</param>
    public bool Computes(int step) => step == 0 || Interval == 1 || step % Interval == 1;

    /// <summary>Whether a layer belongs to a branch, so that its product is saved at the steps between.</summary>
    /// <param name="role">The layer's role.</param>
    public static bool Covers(GemmRole role) => EndsBranch(role) || role is GemmRole.Query or GemmRole.Key or GemmRole.Value
        or GemmRole.CrossQuery or GemmRole.CrossKey or GemmRole.CrossValue or GemmRole.FeedForward1;

    /// <summary>Whether a layer's result is the branch's, which is what is forecast.</summary>
    /// <param name="role">The layer's role.</param>
    public static bool EndsBranch(GemmRole role) => role is GemmRole.Output or GemmRole.CrossOutput or GemmRole.FeedForward2;

    /// <summary>How many of a run's steps compute a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="steps">Steps of the run.</param>
    public int StepsOf(LayerKey layer, int steps) => Covers(layer.Role) ? Enumerable.Range(0, steps).Count(Computes) : steps;
}
