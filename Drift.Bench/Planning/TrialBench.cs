using Drift.Abft;
using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Some pictures on which policies are tried, each drawn at the nominal point once.</summary>
internal sealed class TrialBench : IDisposable
{
    private readonly Lab _lab;
    private readonly PlanOptions _options;
    private readonly PlanJournal _journal;
    private readonly CancellationToken _cancellation;
    private readonly Lazy<(IReadOnlyList<Picture> Pictures, Cost Cost)> _nominal;
    private readonly string _pictures;
    private readonly CompareOptions _comparison;

    /// <summary>A bench.</summary>
    /// <param name="options">The plan's settings.</param>
    /// <param name="first">Its first picture, counted from the plan's seed.</param>
    /// <param name="images">How many pictures.</param>
    /// <param name="journal">What is known already.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public TrialBench(PlanOptions options, int first, int images, PlanJournal journal, CancellationToken cancellation)
    {
        var sampling = options.Sampling with { Images = images, Seed = options.Sampling.SeedOf(first) };
        _comparison = options.ToComparison(sampling);
        (_options, _journal, _cancellation, _pictures) = (options, journal, cancellation, $"{sampling.Seed}+{images}");
        _lab = Lab.Open(_comparison, cancellation);
        _nominal = new Lazy<(IReadOnlyList<Picture>, Cost)>(() =>
        {
            var drawn = Draw(_lab.StrategyOf("nominal", _comparison));
            return ([.. drawn.Select(picture => Picture.From(picture.Image))], CostOf(drawn));
        });
    }

    /// <summary>What policies can speak of.</summary>
    public PolicyScope Scope => _lab.Scope;

    /// <summary>Tries a policy, or remembers that it was tried.</summary>
    /// <param name="policy">The policy.</param>
    public PlanTrial Try(PolicyFile policy)
    {
        if (_journal.Find(_pictures, policy) is { } known)
            return known;
        var drawn = Draw(policy.ToStrategy("plan", _lab.Scope, _lab.Rates, _lab.Pipeline.Kind, () => new RangeProfile()).With(_comparison.Sampling.Layers));
        var trial = new PlanTrial(policy, [.. drawn.Zip(_nominal.Value.Pictures, (picture, nominal) => _options.Budget.Measure(Picture.From(picture.Image), nominal))],
            RelativeCost.Of(CostOf(drawn), _nominal.Value.Cost, _lab.Mix));
        _journal.Add(_pictures, trial);
        return trial;
    }

    /// <inheritdoc/>
    public void Dispose() => _lab.Dispose();

    private IReadOnlyList<DrawnPicture> Draw(Strategy? strategy) => _lab.Draw([strategy], (_, _) => { }, _cancellation)[0].Pictures;

    private Cost CostOf(IReadOnlyList<DrawnPicture> drawn) => _lab.CostOf(drawn, _options.Batch);
}
