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
        // Rows 3 and 9 show bit 12, column 5 the sum of both. Row 3 may have had its flip in any other column where row 9 had one the other way, and (9,5) one of bit 13: thirty-one ways, one flip more.
        // Together they are a few thousandths as likely: the two are by far the likeliest, so they are taken back, though a rectangle is condemned from 1 : 5,000 on. For a side that would condemn both rows
        // over their whole length, which costs a run more than it spares (docs/decoding.md).
        Product(32, 32);
        _output.Accumulators.Fill(5);
        _output.Row(3).Fill(4101);
        (_output.Row(3)[5], _output.Row(9)[5]) = (5, 8197);
        var others = 31 * 1e-4 * Density(4101) / Density(5) * (Density(5) / Density(4101)) * (Density(4101) / Density(5)) * (Density(4101) / Density(8197));
        Assert.That(others, Is.InRange(2e-4, 1e-2));
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

    /// <summary>
    /// Flips of a bit at (row, column), (row, side) and (other, column), 4000 times; the fourth corner is (other, side). Which of the flips' own lines still show is known from the truth alone, and what the rule has to come to in each case follows from that.
    /// Likelihoods are worked out here in double precision, over all of the tile.
    /// </summary>
    [Test]
    public void Three_flips_of_a_rectangle_are_only_mistaken_for_what_is_far_likelier_or_has_fewer_flips()
    {
        var random = new Random(5);
        Dictionary<string, int> kinds = [];
        var sound = 0;
        for (var trial = 0; trial < 4000; trial++)
        {
            var clean = Product(32, 32, trial);
            int row = random.Next(16), other = 16 + random.Next(16), column = random.Next(16), side = 16 + random.Next(16), bit = 10 + random.Next(7);
            Decode(FaultPlan.Of(32, 32, [new(row, column, bit), new(row, side, bit), new(other, column, bit)]), moments: false);
            var (faulty, decided) = (_output.Accumulators.ToArray(), _output.Accumulators.ToArray());
            foreach (var (i, j, value) in _corrections.All)
                decided[i * 32 + j] = value;
            var isSound = Enumerable.Range(0, clean.Length).All(at => decided[at] == clean[at] || _finding.Masks(at / 32, at % 32));
            int inRow = Change(row, side), inColumn = Change(other, column), corner = Change(row, column);
            var (rowShows, columnShows) = (corner + inRow != 0, corner + inColumn != 0);
            string kind;
            if (rowShows && columnShows)
            {
                // All four lines show, so every explanation on them is a rectangle away from the truth: the decision went through because the truth is at most 1 : 5,000 likely beside it.
                kind = "all lines show";
                Assert.That(isSound || Odds() < 2e-4, $"trial {trial}");
            }
            else if (!rowShows && !columnShows)
            {
                // Only the fourth corner's lines show. If its bit allows, one flip there explains everything, and only its own value can speak for three; if not, nothing that the search looks at does.
                var isPossible = May(other, side, -corner);
                kind = isPossible ? "one flip explains it" : "nothing explains it";
                Assert.That(isSound || (isPossible ? Odds() < 2e-4 : (_corrections.TilesGivenUp, _corrections.All.Length) == (1, 0)), $"trial {trial}");
            }
            else
            {
                // One line hides its two. The other three show deviations that two flips on the line opposite explain where its bits allow, one fewer than the truth: that goes through without being weighed, as
                // a worked tile above has it. Where they do not, it takes three flips beside a line that deviates nowhere, any such line, and they are condemned; or nothing is found.
                var near = rowShows ? (Row: row, Column: side, Twice: 2 * inRow) : (Row: other, Column: column, Twice: 2 * inColumn);
                var isPossible = May(near.Row, near.Column, near.Twice) && May(other, side, -corner);
                kind = isPossible ? "two flips on a line explain it" : "lines that deviate nowhere";
                var expected = new[] { new Replacement(near.Row, near.Column, At(near.Row, near.Column) - near.Twice), new Replacement(other, side, At(other, side) + corner) };
                Assert.That(isSound || (isPossible ? new HashSet<Replacement>(expected).SetEquals(_corrections.All.ToArray()) : !_finding.IsClean), $"trial {trial}");
            }

            kind += isSound ? ", sound" : ", mistaken";
            sound += isSound ? 1 : 0;
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;

            int At(int i, int j) => faulty[i * 32 + j];
            int Change(int i, int j) => At(i, j) - clean[i * 32 + j];
            // A change of +-2^b: the bit must show it, and the value without it respect the bound.
            bool May(int i, int j, int change) => (At(i, j) ^ At(i, j) - change) == Math.Abs(change) && Math.Abs(At(i, j) - change) <= 90_000;
            // How likely the truth is beside what was decided: values, and 1 : 10,000 for each flip more.
            double Odds() => Enumerable.Range(0, clean.Length).Aggregate(1.0, (odds, at) => odds * Density(clean[at]) / Density(decided[at])
                * Math.Pow(1e-4, (clean[at] != faulty[at] ? 1 : 0) - (decided[at] != faulty[at] ? 1 : 0)));
        }

        TestContext.Out.WriteLine(string.Join("; ", kinds.OrderBy(kind => kind.Key).Select(kind => $"{kind.Key} {kind.Value}")));
        Assert.That(sound, Is.GreaterThan(1900), "right or condemned; 1970 when this was written");
        Assert.That(kinds.Keys.Select(kind => kind.Split(',')[0]).Distinct().Count(), Is.EqualTo(5), "every case comes up");
    }

    /// <summary>How likely a clean value of norms 300 x 300 and K = 128 is, up to a factor: Student's t with four degrees of freedom.</summary>
    private static double Density(int value) => Math.Pow(1 + value * (double)value / (4 * 90_000.0 * 90_000 / 128), -2.5);

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
    public void Tiles_that_need_no_search_come_out_as_the_search_would_have_them([Values(1e-3, 3.219e-3, 1.076e-2)] double rate, [Values] bool moments, [Values(16, 32, 64)] int edge)
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

    [TestCase(16, 0.92, 0.05, 0.004)]
    [TestCase(32, 0.68, 0.25, 0.015)]
    [TestCase(64, 0.02, 0.85, 0.1)]
    public void Few_tiles_are_left_to_the_search(int edge, double peeled, double walked, double searched)
    {
        var planner = new FaultPlanner();
        var decoder = new PlaneDecoder();
        for (var trial = 0; trial < 60; trial++)
        {
            Product(128, 192, trial);
            Decode(planner.Draw(13, new GemmSite(trial, 1, GemmRole.Value), 128, 192, BitErrorProfile.Uniform(3.219e-3)), moments: false, decoder, edge);
        }

        var (byPeeling, byWalk, bySearch) = decoder.Ways;
        double all = byPeeling + byWalk + bySearch;
        TestContext.Out.WriteLine($"edge {edge}: {all} tiles, peeled {byPeeling / all:P1}, walked {byWalk / all:P1}, searched {bySearch / all:P2}");
        Assert.That(byPeeling / all, Is.GreaterThan(peeled));
        Assert.That(byWalk / all, Is.GreaterThan(walked));
        Assert.That(bySearch / all, Is.LessThan(searched));
    }

    [Test]
    public void Explanations_that_are_as_good_are_joined_without_a_search_as_the_search_joins_them([Values(16, 32, 64)] int edge)
    {
        // Three neighbouring bits on a third of the lines: most tiles have planes of two to four odd rows with several matchings. Some values are far from the others, so that they speak for one.
        var random = new Random(edge);
        var condemned = 0;
        for (var trial = 0; trial < 150; trial++)
        {
            Product(64, 128, trial);
            for (var i = 0; i < 500; i++)
                _output.Accumulators[random.Next(64 * 128)] *= 3;
            var lowest = random.Next(9, 18);
            var flips = Enumerable.Range(0, random.Next(4, 40)).Select(_ => (Row: 3 * random.Next(21), Column: 3 * random.Next(42))).Distinct().Select(at => new Flip(at.Row, at.Column, lowest + random.Next(3)));
            var plan = FaultPlan.Of(64, 128, [.. flips]);
            var clean = _output.Accumulators.ToArray();
            Decode(plan, moments: false, edge: edge);
            var (placed, masks) = (_corrections.All.ToArray(), Masks());
            clean.CopyTo(_output.Accumulators);
            Decode(plan, moments: false, new PlaneDecoder { AlwaysSearches = true }, edge);
            Assert.That(placed, Is.EquivalentTo(_corrections.All.ToArray()), $"trial {trial}");
            Assert.That(masks.SequenceEqual(Masks()), $"trial {trial}");
            condemned += _finding.MaskedElements;
        }

        Assert.That(condemned, Is.Positive);

        bool[] Masks() => [.. Enumerable.Range(0, 64 * 128).Select(at => _finding.Masks(at / 128, at % 128))];
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
