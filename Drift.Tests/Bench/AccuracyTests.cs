using Drift.Bench;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Whether the pictures still show what was asked for, by the shipped classifier.</summary>
[TestFixture]
public sealed class AccuracyTests
{
    private const int Pictures = 40;

    [Test]
    public void Drift_draws_the_right_class_as_often_as_the_nominal_run_within_3_points_and_wide_outputs_do_not()
    {
        using var bench = new Workbench();
        var judge = Judge.For(ModelFolder.Find("dit-fashion"))!;
        double Right(Strategy strategy) => judge.Accuracy(bench.Draw(Workbench.Requests(Pictures), strategy, 50))!.Value;
        var (nominal, drift, lost) = (Right(Workbench.Nominal), Right(Workbench.Drift), Right(Workbench.Unprotected with { Outputs = OutputForm.Wide }));
        TestContext.Out.WriteLine($"nominal {nominal:P1}, DRIFT {drift:P1}, unprotected wide {lost:P1}");
        Assert.Multiple(() =>
        {
            Assert.That(drift, Is.EqualTo(nominal).Within(0.03));
            Assert.That(nominal, Is.GreaterThan(0.85), "94 % over 100 pictures, data/models/README.md");
            Assert.That(lost, Is.LessThan(0.4));
        });
    }
}
