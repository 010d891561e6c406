using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What a trial does to pictures.</summary>
internal sealed class TrainedModelTests
{
    private static readonly Budget Smallest = new("smallest", 2, 1, [], DuelSettings.Quick, 3);

    /// <summary>Rows of modulation are remembered from clean runs; behind a faulty embedding they must not be.</summary>
    [Test]
    public void Faults_in_an_embedding_reach_the_picture_and_no_other_run()
    {
        using var models = new TrainedModels(Smallest, 1);
        var model = models.For("dit");
        Trial Covered(Trial trial) => trial with { Strategy = trial.Strategy with { Covers = layer => model.Kind.Guards(layer) || layer.Role == GemmRole.TimestepEmbedding } };
        var faulty = Covered(new Trial(model.Strategy(() => new PlacePolicy(OperatingPoint.Of(0.675, 2), site => site.Role == GemmRole.TimestepEmbedding), null), new ErrorModel(new FixedRate(0.2))));
        Assert.That(model.Draw([faulty], CancellationToken.None, Covered(model.Nominal))[0].Error, Has.All.Positive);
        Assert.That(model.Draw([model.Nominal], CancellationToken.None)[0].Error, Has.All.Zero);
    }

    [Test]
    public void Faults_in_no_place_change_nothing_and_in_all_places_something()
    {
        using var models = new TrainedModels(Smallest, 2);
        var model = models.For("dit");
        Trial At(Func<GemmSite, bool> where) => new(model.Strategy(() => new PlacePolicy(OperatingPoint.Of(0.675, 2), where), null), new ErrorModel(new FixedRate(1e-2)));
        var drawn = model.Draw([At(_ => false), At(_ => true), At(site => site.Step == 1)], CancellationToken.None);
        Assert.That((drawn[0].Error.Max(), drawn[0].FaultsPerPicture, drawn[0].Psnr), Is.EqualTo((0.0, 0.0, (double?)null)));
        Assert.That(drawn[1].Damage.Average(), Is.GreaterThan(drawn[2].Damage.Average()), "one step of three is hit less");
        Assert.That(drawn[2].FaultsPerPicture, Is.Positive.And.LessThan(drawn[1].FaultsPerPicture));
    }
}
