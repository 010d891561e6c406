using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>What every cost model owes, under every set of energies and every dataflow.</summary>
public sealed class CostContract
{
    private static readonly GemmShape[] Shapes = [new(1, 1, 1), new(65, 40, 16), new(128, 512, 128), new(2, 768, 128)];

    public static IEnumerable<TestCaseData> Models() =>
        from file in EnergyFile.Names
        from dataflow in Enum.GetValues<Dataflow>()
        select new TestCaseData(new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", $"{file}.csv")), dataflow)).SetArgDisplayNames(file, $"{dataflow}");

    [TestCaseSource(nameof(Models))]
    public void No_line_is_negative_and_the_lines_add_up(ICostModel model)
    {
        foreach (var cost in Pieces(model, OperatingPoint.Of(.675, 2)))
        {
            Assert.That(cost.Lines.Select(line => line.Energy.Value), Has.All.Not.Negative);
            Assert.That(cost.Lines.Sum(line => line.Energy.Value), Is.EqualTo(cost.Energy.Value).Within(1e-12).Percent);
            Assert.That(cost.Traffic.Parts.Sum(part => part.Bytes.Value), Is.EqualTo(cost.Moved.Value));
            Assert.That((cost.ProtectionEnergy.Value, cost.Time.Value), Is.EqualTo((Math.Clamp(cost.ProtectionEnergy.Value, 0, cost.Energy.Value), Math.Abs(cost.Time.Value))));
        }
    }

    [TestCaseSource(nameof(Models))]
    public void Energy_at_fixed_work_rises_with_the_voltage_and_checks_are_not_free(ICostModel model)
    {
        foreach (var shape in Shapes)
        {
            var last = 0.0;
            for (var volts = .6; volts < 1.1; volts += .05)
            {
                var (plain, checkedOne) = (model.Gemm(shape, 0, OperatingPoint.Of(volts, 2)), model.Gemm(shape, 32, OperatingPoint.Of(volts, 2)));
                Assert.That(plain.Energy.Value, Is.GreaterThan(last));
                Assert.That(checkedOne.Energy.Value, Is.GreaterThan(plain.Energy.Value));
                Assert.That((plain.Macs, plain.ProtectionEnergy.Value), Is.EqualTo((shape.Macs, 0.0)));
                last = plain.Energy.Value;
            }
        }
    }

    [TestCaseSource(nameof(Models))]
    public void Work_adds_up_whatever_its_order(ICostModel model)
    {
        var pieces = Pieces(model, OperatingPoint.Of(.7, 2)).ToList();
        var (there, back) = (pieces.Aggregate((a, b) => a + b), pieces.AsEnumerable().Reverse().Aggregate((a, b) => a + b));
        Assert.That((there.Macs, there.Cycles, there.Moved, there.Transitions, there.Traffic), Is.EqualTo((back.Macs, back.Cycles, back.Moved, back.Transitions, back.Traffic)));
        Assert.That(there.Lines.Zip(back.Lines).Select(pair => pair.First.Energy.Value - pair.Second.Energy.Value), Is.All.EqualTo(0).Within(1e-9 * there.Energy.Value));
        Assert.That(default(Cost) + there, Is.EqualTo(there));
    }

    [TestCaseSource(nameof(Models))]
    public void Only_a_change_of_voltage_is_a_transition_and_a_longer_one_costs_no_less(ICostModel model)
    {
        Assert.That(model.Transition(OperatingPoint.Of(.7, 2), OperatingPoint.Of(.7, 3)), Is.EqualTo(default(Cost)));
        var (energy, time) = (0.0, 0.0);
        for (var volts = .85; volts > .6; volts -= .05)
        {
            var (down, up) = (model.Transition(OperatingPoint.Nominal, OperatingPoint.Of(volts, 2)), model.Transition(OperatingPoint.Of(volts, 2), OperatingPoint.Nominal));
            Assert.That(down, Is.EqualTo(up));
            Assert.That(down.Transitions, Is.EqualTo(1));
            Assert.That((down.Energy.Value, down.Time.Value), Is.EqualTo((Math.Max(energy, down.Energy.Value), Math.Max(time, down.Time.Value))));
            (energy, time) = (down.Energy.Value, down.Time.Value);
        }
    }

    [Test]
    public void The_full_set_is_charged_by_hand()
    {
        var model = new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "full.csv")));
        // 65 x 40 x 16 in tiles of 32 at 0.675 V, 2 GHz: the array reads A twice (two folds across) and W three times, and writes 2,600 INT32 results; 472 cycles.
        var cost = model.Gemm(new GemmShape(65, 40, 16), 32, OperatingPoint.Of(.675, 2));
        Assert.Multiple(() =>
        {
            Assert.That(cost.SramEnergy.Value, Is.EqualTo((65 * 16 * 2 + 40 * 16 * 3 + 65 * 40 * 4) * 1.74e-12).Within(1e-9).Percent);
            Assert.That(cost.LogicEnergy.Value, Is.EqualTo(2 * 65 * 40 * .07e-12 * .5625).Within(1e-9).Percent);
            Assert.That(cost.LeakageEnergy.Value, Is.EqualTo(33e-3 * .75 * 472 / 2e9).Within(1e-9).Percent);
        });
        var transition = model.Transition(OperatingPoint.Nominal, OperatingPoint.Of(.675, 2));
        Assert.That(transition.Time.Value, Is.EqualTo(45e-9).Within(1e-9).Percent);
        Assert.That(transition.TransitionEnergy.Value, Is.EqualTo((.81 - .455625) * 1e-9).Within(1e-9).Percent);
        Assert.That(model.Stall(2000, OperatingPoint.Of(.675, 2)).LeakageEnergy.Value, Is.EqualTo(33e-3 * .75 * 1e-6).Within(1e-9).Percent);
    }

    private static IEnumerable<Cost> Pieces(ICostModel model, OperatingPoint point) =>
    [
        .. Shapes.Select(shape => model.Gemm(shape, 32, point)),
        .. Enum.GetValues<Traffic>().Select(kind => model.Transfer(new Bytes(4097), kind)),
        model.Stall(77, point), model.Transition(OperatingPoint.Nominal, point),
    ];
}
