using System.Globalization;
using Drift.Dvfs;
using Drift.Kernels;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>Cycles and joules against the worked tables, and the laws that every cost keeps.</summary>
internal sealed class CostTests
{
    private static readonly EnergyModel Energy = EnergyModel.Load(DataFolder.Path("energy", "paper.csv"));
    private static readonly AcceleratorCost Model = new(new SystolicArray(), Energy);

    public static IEnumerable<TestCaseData> SimulatedLayers() => Rows(DataFolder.Path("fixtures", "cycles", "cases.csv"))
        .Where(row => row["mode"] == "CALC")
        .Select(row => new TestCaseData(row["dataflow"], Int(row, "rows"), Int(row, "cols"), Int(row, "m"), Int(row, "n"), Int(row, "k"),
            long.Parse(row["formula_cycles"], CultureInfo.InvariantCulture)).SetArgDisplayNames(row["case"]));

    public static IEnumerable<TestCaseData> ClosedFormRows() => Rows(DataFolder.Path("fixtures", "faults", "cost.csv"))
        .Select(row => new TestCaseData(row).SetArgDisplayNames(row["model"], row["volts"]));

    [TestCaseSource(nameof(SimulatedLayers))]
    public void CyclesAreTheFormulas(string dataflow, int rows, int columns, int m, int n, int k, long cycles)
    {
        var kind = dataflow switch { "os" => Dataflow.OutputStationary, "ws" => Dataflow.WeightStationary, _ => Dataflow.InputStationary };
        Assert.That(new SystolicArray(rows, columns).Cycles(new GemmShape(m, n, k), kind), Is.EqualTo(cycles));
    }

    [TestCaseSource(nameof(ClosedFormRows))]
    public void ClosedFormsAreTheWorkedOnes(Dictionary<string, string> row)
    {
        var (k, volts, p) = (Real(row, "k"), new Volts(Real(row, "volts")), Real(row, "p"));
        Within(ClosedForms.TileProbability(p), Real(row, "P"));
        Within(ClosedForms.CheckedCompute(k, volts), Real(row, "c"));
        Within(ClosedForms.LineRatio(p), Real(row, "line_ratio"));
        Within(ClosedForms.Dmr(k, volts, p), Real(row, "dmr"));
        Within(ClosedForms.StatAbft(k, volts, p), Real(row, "stat_abft"));
        Within(ClosedForms.Ours(k, volts, p), Real(row, "ours"));
    }

    [Test]
    public void TileProbabilitiesAreTheWorkedOnes()
    {
        foreach (var row in Rows(DataFolder.Path("fixtures", "faults", "probability.csv")))
            Within(ClosedForms.TileProbability(Real(row, "p"), Int(row, "tile")), Real(row, "probability"));
        Assert.That(ClosedForms.TileProbability(0), Is.Zero);
        Assert.That(ClosedForms.TileProbability(1), Is.EqualTo(1));
        Assert.That(ClosedForms.TileProbability(1e-18, 32), Is.EqualTo(1024e-18).Within(1e-10).Percent, "no loss at tiny rates");
        Assert.That(ClosedForms.LineRatio(1), Is.EqualTo(1));
    }

    [Test]
    public void AProductIsChargedByHand()
    {
        // 65 x 40 x 16, tile 32, at 0.675 V and 2 GHz: 3 x 2 folds of 16 + 62 cycles; row sums 65 x 16 x 2, column sums 40 x 16 x 3, in ceil(4000 / 1024) = 4 cycles.
        var cost = Model.Gemm(new GemmShape(65, 40, 16), 32, OperatingPoint.Of(.675, 2));
        Assert.That((cost.Macs, cost.ChecksumMacs, cost.Cycles), Is.EqualTo((41600L, 4000L, 472L)));
        Within(cost.ComputeEnergy.Value, 41600 * .16e-12 * .5625);
        Within(cost.CheckEnergy.Value, 4000 * .16e-12 * .5625);
        Within(cost.Time.Value, 472 / 2e9);
        Within(Model.Transfer(new Bytes(1000), Traffic.Weights).Energy.Value, 31e-9);
        Assert.That(Model.Gemm(new GemmShape(65, 40, 16), 0, OperatingPoint.Nominal).ChecksumMacs, Is.Zero);
    }

    [Test]
    public void CostsAddUp()
    {
        var gemm = Model.Gemm(new GemmShape(128, 512, 128), 32, OperatingPoint.Nominal);
        var transfer = Model.Transfer(new Bytes(4096), Traffic.Restores);
        var sum = gemm + transfer + gemm;
        Assert.That((sum.Macs, sum.Cycles, sum.Moved), Is.EqualTo((2 * gemm.Macs, 2 * gemm.Cycles, new Bytes(4096))));
        Within(sum.Energy.Value, 2 * gemm.Energy.Value + transfer.Energy.Value);
        Within(sum.Time.Value, 2 * gemm.Time.Value);
        Assert.That(default(Cost) + gemm, Is.EqualTo(gemm));
    }

    [FsCheck.NUnit.Property]
    public FsCheck.Property EnergyNeverFallsWithTheVoltageAndTimeNeverRisesWithTheClock() =>
        Prop.ForAll(Gen.Choose(1, 3000).Four().ToArbitrary(), drawn =>
        {
            var shape = new GemmShape(drawn.Item1, drawn.Item2, drawn.Item3);
            var low = drawn.Item4 % 250;
            Cost At(int step) => Model.Gemm(shape, 32, OperatingPoint.Of(.6 + step / 1000.0, 1.6 + step / 100.0));
            var (a, b) = (At(low), At(low + drawn.Item4 % 7));
            return a.Energy.Value > 0 && b.Energy.Value >= a.Energy.Value && b.Time.Value <= a.Time.Value && a.Cycles == b.Cycles && a.Macs == shape.Macs;
        });

    [Test]
    public void TheSavingOnThePapersMix()
    {
        var mixes = PaperMix.Load(DataFolder.Path("energy", "paper-mix.csv"));
        Assert.That(mixes.ToDictionary(m => m.Key, m => m.Value.ComputeToMemory), Is.EqualTo(new Dictionary<string, double> { ["dit"] = 5.81, ["pixart"] = 39.9, ["sd15"] = 6.61 }));
        Assert.That(mixes["dit"].Saving(1, 1), Is.EqualTo(0).Within(1e-12));
        // The paper's own breakdown: memory 1 -> 1.2, compute 5.81 -> 3.17 saves 35.8 %, printed to three digits.
        Assert.That(mixes["dit"].Saving(3.17 / 5.81, 1.2), Is.EqualTo(.358).Within(6e-4));
        Assert.That(mixes["pixart"].Saving(23.48 / 39.9, 1.8), Is.EqualTo(.382).Within(6e-4));
        Assert.That(mixes["sd15"].Saving(4.01 / 6.61, 1.18), Is.EqualTo(.318).Within(6e-4));
    }

    [Test]
    public void ThePapersMacsCountModulationOnceAToken()
    {
        // DiT-XL/2-512: 28 blocks of width 1152 over 32 x 32 tokens; a block's layers have 4 + 8 d^2 weights, adaLN's 6 d^2. docs/voltage.md.
        const double blocks = 28, tokens = 1024, width = 1152;
        double Macs(double rowsOfModulation) => blocks * (tokens * (12 * width * width + 2 * tokens * width) + rowsOfModulation * 6 * width * width);
        Assert.That(Macs(1), Is.EqualTo(524e9).Within(.1).Percent, "as executed, one row of modulation a sample");
        Assert.That(Macs(tokens), Is.EqualTo(7.53e11).Within(.1).Percent, "quoted from the paper");
        // The paper's k follows from its own figure and constants: 7.53e11 x 0.16 pJ over 0.669 GB x 31 pJ/B.
        Assert.That(7.53e11 * Energy.Mac.Value / (.669e9 * Energy.DramByte.Value), Is.EqualTo(5.81).Within(.005));
    }

    private static void Within(double actual, double expected) => Assert.That(actual, Is.EqualTo(expected).Within(1e-6 * Math.Abs(expected)));

    private static int Int(Dictionary<string, string> row, string column) => int.Parse(row[column], CultureInfo.InvariantCulture);

    private static double Real(Dictionary<string, string> row, string column) => double.Parse(row[column], CultureInfo.InvariantCulture);

    /// <summary>A plain CSV without quotes.</summary>
    private static IEnumerable<Dictionary<string, string>> Rows(string path)
    {
        var lines = File.ReadAllLines(path);
        var columns = lines[0].Split(',');
        return lines.Skip(1).Select(line => columns.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second));
    }
}
