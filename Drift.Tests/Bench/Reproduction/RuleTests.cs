using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>Verdicts follow from their rules.</summary>
internal sealed class RuleTests
{
    private static readonly double[] Rates = [1e-5, 1e-4, 1e-3, 1e-2];

    [TestCase(10, 10.5, Verdict.Reproduced)]
    [TestCase(10, 9, Verdict.Reproduced)]
    [TestCase(10, 14, Verdict.ReproducedInShape)]
    [TestCase(10, 16, Verdict.NotReproduced)]
    [TestCase(null, 10, Verdict.CannotBeJudgedHere)]
    [TestCase(10, null, Verdict.CannotBeJudgedHere)]
    public void A_number_is_judged_by_its_distance(double? quoted, double? ours, Verdict verdict) =>
        Assert.That(new NumberRule(1, 5, "J").Judge("it is so", quoted, ours, ColumnKind.Modelled).Verdict, Is.EqualTo(verdict));

    [Test]
    public void Of_many_numbers_the_farthest_decides()
    {
        var claim = new NumberRule(1, 5, "J").JudgeAll("it is so", [(1, 1), (2, 6), (null, 99)], ColumnKind.ClosedForm);
        Assert.That((claim.Paper, claim.Ours, claim.Verdict), Is.EqualTo(("2 J", "6 J (closed form)", Verdict.ReproducedInShape)));
    }

    [TestCase(new[] { 0.1, 0.2, 0.3 }, Verdict.Reproduced)]
    [TestCase(new[] { 0.3, 0.2, 0.1 }, Verdict.NotReproduced)]
    [TestCase(new[] { 0.2, 0.2, 0.2 }, Verdict.CannotBeJudgedHere)]
    public void Order_is_judged_by_pairs_that_the_intervals_decide(double[] levels, Verdict verdict)
    {
        var curves = levels.Select((level, i) => Curve($"{i}", [.. Rates.Select(_ => 0.1 + 0.2 * i)], [.. Rates.Select(_ => level)])).ToList();
        var claim = OrderRule.Judge("they stand so", curves, rate => rate >= 1e-4, "from 1e-4");
        Assert.That((claim.Verdict, claim.Paper), Is.EqualTo((verdict, "9 pairs told apart")));
    }

    [Test]
    public void Curves_that_the_paper_does_not_tell_apart_make_no_pair() => Assert.That(
        OrderRule.Judge("they stand so", [Curve("a", [.1, .1, .1, .1], [1, 1, 1, 1]), Curve("b", [.12, .12, .12, .12], [2, 2, 2, 2])], _ => true, "").Verdict, Is.EqualTo(Verdict.CannotBeJudgedHere));

    [TestCase(new[] { 0, 0, 5.0, 5 }, new[] { 0, 0, 0, 5.0 }, Verdict.Reproduced)]
    [TestCase(new[] { 5.0, 5, 5, 5 }, new[] { 0, 0, 0, 5.0 }, Verdict.ReproducedInShape)]
    [TestCase(new[] { 0, 0, 0, 5.0 }, new[] { 5.0, 5, 5, 5 }, Verdict.NotReproduced)]
    public void Knees_are_judged_by_steps_and_by_their_order(double[] early, double[] late, Verdict verdict)
    {
        var claim = KneeRule.Judge("they rise there", [Curve("early", [0, 0, .8, .8], early), Curve("late", [0, 0, 0, .8], late)]);
        Assert.That(claim.Verdict, Is.EqualTo(verdict));
    }

    [TestCase(new[] { 0, 0, 0, 5.0 }, Verdict.Reproduced)]
    [TestCase(new[] { 5.0, 5, 5, 5 }, Verdict.ReproducedInShape)]
    public void A_single_knee_is_judged_by_steps(double[] ours, Verdict verdict) => Assert.That(KneeRule.Judge("it rises there", [Curve("one", [0, 0, .8, .8], ours)]).Verdict, Is.EqualTo(verdict));

    [Test]
    public void A_single_knee_far_off_is_not_reproduced() => Assert.That(KneeRule.Judge("it rises there", [Curve("one", [.8, 0, 0, 0], [0, 0, 0, 5])]).Verdict, Is.EqualTo(Verdict.NotReproduced));

    [TestCase("vf-isoline", "vf-isolines")]
    [TestCase("speedups", "speedup")]
    [TestCase("voltage", "energy-vs-voltage")]
    public void The_closest_name_is_offered(string typed, string meant) => Assert.That(ClosestNames.Of(typed, TableCatalog.All.Select(table => table.Id)), Does.Contain(meant));

    [Test]
    public void Nothing_is_offered_for_what_is_close_to_nothing() => Assert.That(ClosestNames.Of("xyzzy", ["speedup", "layout"]), Is.Empty);

    /// <summary>The paper tells nine pairs apart; ours decides three, against it.</summary>
    [Test]
    public void A_few_pairs_that_contradict_are_not_reproduced()
    {
        static double[] Rising(int i) => [0, 0, 0, 1 - 0.3 * i];
        var curves = Enumerable.Range(0, 3).Select(i => Curve("same", [.. Rates.Select(_ => 0.1 + 0.2 * i)], Rising(i))).ToList();
        Assert.That(OrderRule.Judge("they stand so", curves, rate => rate >= 1e-4, "from 1e-4").Verdict, Is.EqualTo(Verdict.NotReproduced));
    }

    /// <summary>A curve of four pictures that hardly differ.</summary>
    private static DamageCurve Curve(string name, double[] quoted, double[] ours) => new(name,
        [.. Rates.Select((rate, i) => new DamagePoint(rate, quoted[i], [.. Enumerable.Range(0, 4).Select(picture => ours[i] + 1e-3 * (picture % 2 == 0 ? 1 : -1) * (1 + name.Length + name[0] % 3))]))]);
}
