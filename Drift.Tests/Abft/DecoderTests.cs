using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The decoder on products whose truth is known.</summary>
internal sealed class DecoderTests
{
    private const int Tile = 32;
    private readonly Finding _finding = new();
    private readonly Corrections _corrections = new();
    private readonly GemmOutput _output = new();
    private readonly float[] _norms = [.. Enumerable.Repeat(300f, 200)];

    [OneTimeTearDown]
    public void Free() => _output.Dispose();

    [Test]
    public void A_single_flip_is_taken_back_whatever_its_bit([Range(0, 31)] int bit, [Values] bool moments)
    {
        var clean = Product(40, 45);
        Decode(FaultPlan.Of(40, 45, [new(33, 41, bit)]), moments);
        Assert.That(_corrections.All.ToArray(), Is.EqualTo(new[] { new Replacement(33, 41, clean[33 * 45 + 41]) }));
        Assert.That(_finding.IsClean);
    }

    [Test]
    public void Two_flips_that_could_have_been_two_others_are_condemned_and_not_guessed()
    {
        // After the flips all four crossings hold 4101, so that both diagonals explain the sums; moments tell them apart.
        var flips = FaultPlan.Of(32, 32, [new(3, 5, 12), new(7, 9, 12)]);
        Product(32, 32);
        Fill();
        Decode(flips, moments: false);
        Assert.That(_corrections.All.Length, Is.Zero);
        Assert.That((_finding.MaskedElements, _finding.Masks(3, 5), _finding.Masks(7, 9), _finding.Masks(3, 9)), Is.EqualTo((4, true, true, true)));
        Fill();
        Decode(flips, moments: true);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(new[] { new Replacement(3, 5, 5), new Replacement(7, 9, 5) }));

        void Fill()
        {
            _output.Accumulators.Fill(5);
            (_output.Row(3)[9], _output.Row(7)[5]) = (4101, 4101);
        }
    }

    [Test]
    public void Flips_that_cancel_on_a_row_do_not_escape()
    {
        // Odd rows could have had the same pair: bit 13 is set in their column 5 and clear in their column 9.
        Product(32, 32);
        _output.Accumulators.Clear();
        for (var i = 1; i < 32; i += 2)
            (_output.Row(i)[5], _output.Row(i)[9]) = (8195, 1);
        _output.Row(4)[9] = -1;
        Decode(FaultPlan.Of(32, 32, [new(4, 5, 13), new(4, 9, 13)]), moments: false);
        Assert.That(_finding.Masks(4, 5) && _finding.Masks(4, 9), "both are condemned, since any odd row explains them too");
        Assert.That(_corrections.All.Length, Is.Zero);
    }

    [Test]
    public void A_bit_beyond_the_bound_needs_no_partner()
    {
        Product(32, 32);
        _output.Accumulators.Fill(5);
        // The same bit on both diagonals' ends: sums alone could not tell, the bound of 90,000 can.
        Decode(FaultPlan.Of(32, 32, [new(3, 5, 20), new(7, 9, 20)]), moments: false);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(new[] { new Replacement(3, 5, 5), new Replacement(7, 9, 5) }));
    }

    [Test]
    public void An_explanation_that_leaves_a_value_beyond_its_bound_is_none()
    {
        // Three corners of a rectangle: the lines that deviate cross at the fourth, which could have been hit for all that it shows. But -125,536 stands in its row.
        Product(32, 32);
        _output.Accumulators.Fill(5);
        (_output.Row(3)[9], _output.Row(7)[5]) = (-60_000, -60_000);
        Decode(FaultPlan.Of(32, 32, [new(3, 9, 16), new(7, 5, 16), new(7, 9, 16)]), moments: false);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(new[] { new Replacement(3, 9, -60_000), new Replacement(7, 5, -60_000), new Replacement(7, 9, 5) }));
    }

    [Test]
    public void Three_flips_that_look_like_three_others_are_condemned_and_not_guessed()
    {
        // Bit 12 at three corners: rows 4096 and 8192, columns 8192 and 4096. The fourth corner, and bit 13 at its neighbours, add up to the same: as many flips, values as likely.
        Product(32, 32);
        _output.Accumulators.Fill(5);
        (_output.Row(1)[7], _output.Row(11)[7], _output.Row(11)[12], _output.Row(1)[12]) = (9027, 655, -23054, -7208);
        Decode(FaultPlan.Of(32, 32, [new(1, 7, 12), new(11, 7, 12), new(11, 12, 12)]), moments: false);
        Assert.That(_corrections.All.Length, Is.Zero);
        Assert.That((_finding.MaskedElements, _finding.Masks(1, 7), _finding.Masks(11, 7), _finding.Masks(11, 12)), Is.EqualTo((4, true, true, true)));
    }

    [Test]
    public void Two_flips_of_a_bit_on_a_line_are_taken_back_though_thirty_places_might_hide_a_third()
    {
        // Rows 3 and 9 show bit 12, column 5 the sum of both. Row 3 may have had its flip in any other column where row 9 had one the other way, and (9,5) one of bit 13: thirty-one ways, one flip more,
        // 3e-3 likely together. To condemn both rows for them would cost a run more than it spares.
        Product(32, 32);
        _output.Accumulators.Fill(5);
        _output.Row(3).Fill(4101);
        (_output.Row(3)[5], _output.Row(9)[5]) = (5, 8197);
        Decode(FaultPlan.Of(32, 32, [new(3, 5, 12), new(9, 5, 12)]), moments: false);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(new[] { new Replacement(3, 5, 5), new Replacement(9, 5, 8197) }));
        Assert.That(_finding.IsClean);
    }

    [Test]
    public void A_lone_flip_that_leaves_an_unlikely_value_gives_way_where_three_others_do_not()
    {
        // Accumulators of norms 300 and K = 128 are near 8,000. The crossing of the lines that deviate would have been -65,636; three corners that were hit were small.
        Product(32, 32);
        _output.Accumulators.Fill(5);
        (_output.Row(7)[9], _output.Row(3)[5]) = (-20_000, -100);
        Decode(FaultPlan.Of(32, 32, [new(3, 9, 16), new(7, 5, 16), new(7, 9, 16)]), moments: false);
        Assert.That((_corrections.All.Length, _finding.MaskedElements), Is.EqualTo((0, 4)));
        Assert.That(_finding.Masks(3, 9) && _finding.Masks(7, 5) && _finding.Masks(7, 9) && _finding.Masks(3, 5));
    }

    [Test]
    public void A_lone_flip_stays_where_nothing_else_can_explain_it()
    {
        // The same unlikely value, but no column shows the two bits that would have to cancel.
        Product(32, 32);
        _output.Accumulators.Fill(5);
        _output.Row(3)[5] = -65_636;
        Decode(FaultPlan.Of(32, 32, [new(3, 5, 16)]), moments: false);
        Assert.That(_corrections.All.ToArray(), Is.EqualTo(new[] { new Replacement(3, 5, -65_636) }));
        Assert.That(_finding.IsClean);
    }

    /// <summary>The rule itself, in double precision: where a rectangle's three flips are taken for something else and that goes through, it was far likelier.</summary>
    [Test]
    public void Three_flips_of_a_rectangle_are_only_mistaken_for_what_is_far_likelier()
    {
        var random = new Random(5);
        int mistaken = 0, condemned = 0, right = 0;
        for (var trial = 0; trial < 4000; trial++)
        {
            var clean = Product(32, 32, trial);
            int row = random.Next(16), other = 16 + random.Next(16), column = random.Next(16), side = 16 + random.Next(16), bit = 10 + random.Next(7);
            Decode(FaultPlan.Of(32, 32, [new(row, column, bit), new(row, side, bit), new(other, column, bit)]), moments: false);
            var (placed, sound) = (_corrections.All.ToArray(), true);
            double odds = 1;
            foreach (var (i, j) in new[] { (row, column), (row, side), (other, column), (other, side) })
            {
                var faulty = _output.Accumulators[i * 32 + j];
                var found = placed.Where(p => (p.Row, p.Column) == (i, j)).Select(p => (int?)p.Value).SingleOrDefault() ?? faulty;
                var truth = clean[i * 32 + j];
                sound &= found == truth || _finding.Masks(i, j);
                var flips = (truth != faulty ? 1 : 0) - (found != faulty ? 1 : 0);
                odds *= Density(truth) / Density(found) * Math.Pow(1e-4, flips);
            }

            right += placed.Length == 3 && sound ? 1 : 0;
            condemned += sound && !_finding.IsClean ? 1 : 0;
            if (sound)
                continue;
            mistaken++;
            // A lone flip whose own value is 16 times less likely than the accumulator as it is, or more, is not weighed.
            var isPlain = placed is [var only] && Density(_output.Accumulators[only.Row * 32 + only.Column]) < 15.6 * Density(only.Value);
            // Nor are two on a side, nor what hides beside explanations that were joined.
            var isSide = placed is [var one, var two] && (one.Row == two.Row || one.Column == two.Column);
            Assert.That(isPlain || isSide || !_finding.IsClean ? 0 : odds, Is.LessThan(2e-4), $"trial {trial}: {string.Join(", ", placed)}");
        }

        TestContext.Out.WriteLine($"right {right}, condemned {condemned}, mistaken {mistaken}");
        Assert.That(right + condemned, Is.GreaterThan(1900));

        static double Density(int value) => Math.Pow(1 + value * (double)value / (4 * 90_000.0 * 90_000 / 128), -2.5);
    }

    [TestCase(3.219e-3, false, 0.98)]
    [TestCase(1.076e-2, false, 0.95)]
    [TestCase(2.912e-2, false, 0.88)]
    [TestCase(3.219e-3, true, 0.998)]
    [TestCase(1.076e-2, true, 0.993)]
    [TestCase(2.912e-2, true, 0.95)]
    public void Most_flips_are_taken_back_and_next_to_none_is_misplaced(double rate, bool moments, double share)
    {
        var planner = new FaultPlanner();
        var (outcome, settlement) = (default(Outcome), new Settlement());
        for (var trial = 0; trial < 20; trial++)
        {
            Product(128, 160, trial);
            var plan = planner.Draw(7, new GemmSite(trial, 1, GemmRole.Value), 128, 160, BitErrorProfile.Uniform(rate));
            Decode(plan, moments);
            outcome += settlement.Settle(plan, _output, _finding, _corrections, 1 << 10);
        }

        TestContext.Out.WriteLine($"{outcome}");
        Assert.That((double)outcome.Exact / outcome.Flips, Is.GreaterThan(share));
        Assert.That((double)outcome.Escaped / outcome.Flips, Is.LessThan(2e-3));
    }

    [Test]
    public void Tiles_that_need_no_search_come_out_as_the_search_would_have_them([Values(1e-3, 3.219e-3, 1.076e-2)] double rate, [Values] bool moments, [Values(16, 32)] int edge)
    {
        var planner = new FaultPlanner();
        var placed = 0;
        for (var trial = 0; trial < 30; trial++)
        {
            // Small values next to the bound of 90,000 leave bits of all kinds: beyond it, below it, of either sign. The last tiles are ragged.
            Product(120, 180, trial);
            var plan = planner.Draw(11, new GemmSite(trial, 1, GemmRole.Value), 120, 180, BitErrorProfile.Uniform(rate));
            var clean = _output.Accumulators.ToArray();
            Decode(plan, moments, edge: edge);
            var (peeled, masked) = (_corrections.All.ToArray(), _finding.MaskedElements);
            clean.CopyTo(_output.Accumulators);
            Decode(plan, moments, new PlaneDecoder { AlwaysSearches = true }, edge);
            Assert.That(peeled, Is.EquivalentTo(_corrections.All.ToArray()));
            Assert.That(masked, Is.EqualTo(_finding.MaskedElements));
            placed += peeled.Length;
        }

        Assert.That(placed, Is.GreaterThan(0.9 * 30 * 120 * 180 * rate));
    }

    [Test]
    public void A_tile_full_of_faults_is_given_up_in_bounded_time_and_condemned()
    {
        Product(32, 32);
        var plan = new FaultPlanner().Draw(7, new GemmSite(0, 1, GemmRole.Value), 32, 32, BitErrorProfile.Uniform(0.5));
        Decode(plan, moments: false);
        Assert.That(_corrections.TilesGivenUp, Is.EqualTo(1));
        Assert.That(_finding.MaskedElements, Is.GreaterThan(900));
    }

    [Test]
    public void Decoding_allocates_nothing_once_warm([Values] bool moments)
    {
        var decoder = new PlaneDecoder();
        var planner = new FaultPlanner();
        long Allocated(int trial)
        {
            Product(128, 160, 3);
            var plan = planner.Draw(7, new GemmSite(trial, 1, GemmRole.Value), 128, 160, BitErrorProfile.Uniform(1e-2));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Decode(plan, moments, decoder);
            return GC.GetAllocatedBytesForCurrentThread() - before - _ownBytes;
        }

        Allocated(1);
        Allocated(1);
        Assert.That(Allocated(1), Is.Zero);
    }

    private long _ownBytes;

    private int[] Product(int m, int n, int seed = 1)
    {
        var random = new Random(seed);
        _output.Resize(new GemmShape(m, n, 128), n, m, Tile, moments: true);
        foreach (ref var value in _output.Accumulators)
            value = (int)(8000 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return _output.Accumulators.ToArray();
    }

    private void Decode(FaultPlan plan, bool moments, PlaneDecoder? decoder = null, int edge = Tile)
    {
        decoder ??= new PlaneDecoder();
        var start = GC.GetAllocatedBytesForCurrentThread();
        LineSums deviations = new(), weighted = new();
        var nominal = new NominalProduct();
        plan.Toggle(_output);
        ImpliedDeviation.Sum(plan, _output, edge, deviations, weighted);
        _corrections.Clear();
        _ownBytes = GC.GetAllocatedBytesForCurrentThread() - start;
        decoder.Correct(new SuspectProduct(_output, deviations, moments ? weighted : null, _norms, _norms, nominal), _finding, _corrections);
    }
}
