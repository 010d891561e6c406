using Drift.Abft;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>Every registered bound on rounding, on fp32 products with and without faults.</summary>
internal sealed class RoundingBoundTests
{
    private const int Tile = 32;
    private readonly CheckedFloatProduct _product = new();
    private readonly Finding _finding = new();

    private static IEnumerable<string> Proven => ["v-abft", "higham"];

    private static IEnumerable<string> Families => OperandFamily.All.Select(family => family.Name);

    [Test]
    public void Clean_products_raise_no_alarm([ValueSource(nameof(Proven))] string bound, [ValueSource(nameof(Families))] string family, [Values(1, 7, 128, 1000)] int depth)
    {
        for (var i = 0u; i < 10; i++)
        {
            Multiply(OperandFamily.All.Single(f => f.Name == family), i, 61, 71, depth);
            _product.Judge(RoundingBounds.Open(bound), _finding);
            Assert.That(_finding.FlaggedLines, Is.Zero);
        }
    }

    [Test]
    public void Operands_that_are_related_raise_no_alarm([ValueSource(nameof(Proven))] string bound)
    {
        // A A^T: one term of each line grows with K where independent operands' would with its root.
        var a = new float[32 * 2048];
        OperandFamily.Normal.Fill(5, a, 2048, isFirst: true);
        _product.Prepare(a, 32, 2048, Tile);
        _product.Multiply(a, 32);
        _product.Judge(RoundingBounds.Open(bound), _finding);
        Assert.That(_finding.FlaggedLines, Is.Zero);
    }

    [TestCase(128, 20.9)]
    [TestCase(1024, 38.3)]
    [TestCase(2048, 44.7)]
    public void Thresholds_are_tighter_than_the_papers(int depth, double quoted)
    {
        double errors = 0, thresholds = 0;
        for (var i = 0u; i < 5; i++)
        {
            Multiply(OperandFamily.Normal, i, 64, 64, depth);
            for (var row = 0; row < 64; row++)
                (errors, thresholds) = (errors + Math.Abs(_product.RowDeviation(row, 1)), thresholds + _product.RowThreshold(RoundingBounds.Open("v-abft"), row, 1));
        }

        Assert.That(thresholds / errors, Is.InRange(5, quoted));
    }

    [Test]
    public void A_bound_scales_with_its_operands([Values("v-abft", "a-abft", "higham")] string name)
    {
        var bound = RoundingBounds.Open(name);
        Multiply(OperandFamily.Normal, 1, 32, 32, 100);
        var (row, column) = (_product.RowThreshold(bound, 3, 0), _product.ColumnThreshold(bound, 0, 3));
        Multiply(OperandFamily.Normal, 1, 32, 32, 100, scale: 4096);
        Assert.That(_product.RowThreshold(bound, 3, 0) / row, Is.EqualTo(4096).Within(1e-9));
        Assert.That(_product.ColumnThreshold(bound, 0, 3) / column, Is.EqualTo(4096).Within(1e-9));
    }

    [Test]
    public void A_flipped_exponent_flags_its_row_and_its_column_and_no_other([Values("v-abft", "a-abft")] string name, [Values(24, 26, 30)] int bit)
    {
        Multiply(OperandFamily.Normal, 2, 64, 70, 256);
        var clean = Flip(37, 66, bit);
        _product.Judge(RoundingBounds.Open(name), _finding);
        Assert.That((_finding.FlaggedRows, _finding.FlaggedColumns, _finding.Masks(37, 66)), Is.EqualTo((1, 1, true)));
        var replaced = new List<(int, int)>();
        FloatLocateAndCorrect.Correct(_product, RoundingBounds.Open(name), _finding, (row, column) => replaced.Add((row, column)));
        Assert.That(replaced, Is.EqualTo(new[] { (37, 66) }));
        Assert.That(_product.Outputs[37 * 70 + 66], Is.EqualTo(clean).Within(_product.RowThreshold(RoundingBounds.Open(name), 37, 2)));
    }

    [Test]
    public void Two_faults_that_could_be_two_others_are_not_corrected()
    {
        Multiply(OperandFamily.Normal, 2, 32, 32, 64);
        _product.Outputs[3 * 32 + 5] += 1000;
        _product.Outputs[7 * 32 + 9] += 1000;
        _product.Observe();
        _product.Judge(RoundingBounds.Open("v-abft"), _finding);
        FloatLocateAndCorrect.Correct(_product, RoundingBounds.Open("v-abft"), _finding, (_, _) => Assert.Fail("a guess"));
        Assert.That(_finding.MaskedElements, Is.EqualTo(4));
    }

    [TestCase(float.NaN, "NaN")]
    [TestCase(float.PositiveInfinity, "Infinity")]
    public void An_operand_that_is_no_number_is_reported_as_such(float value, string said)
    {
        var (a, w) = (new float[4 * 8], new float[4 * 8]);
        a[2 * 8 + 5] = value;
        _product.Prepare(w, 4, 8, Tile);
        var message = Assert.Throws<ArgumentException>(() => _product.Multiply(a, 4))!.Message;
        Assert.That(message, Does.Contain(said.Replace("Infinity", $"{value}")).And.Contain("row 2, column 5"));
    }

    [Test]
    public void An_unknown_bound_is_told_with_those_that_there_are() =>
        Assert.That(Assert.Throws<ArgumentException>(() => RoundingBounds.Open("e-abft"))!.Message, Does.Contain("'e-abft'").And.Contain("v-abft, a-abft, higham"));

    private void Multiply(OperandFamily family, uint random, int m, int n, int depth, float scale = 1)
    {
        var (a, w) = (new float[m * depth], new float[n * depth]);
        family.Fill(40503 * random, a, depth, isFirst: true);
        family.Fill(40503 * random + 500_000, w, depth, isFirst: false);
        _product.Prepare(w, n, depth, Tile);
        _product.Multiply([.. a.Select(value => value * scale)], m);
    }

    private float Flip(int row, int column, int bit)
    {
        ref var output = ref _product.Outputs[row * _product.Shape.N + column];
        var clean = output;
        output = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(output) ^ 1 << bit);
        _product.Observe();
        return clean;
    }
}
