using Drift.Abft;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Abft;

/// <summary>The decoder of rows with odd weights on products whose truth is known.</summary>
internal sealed class OddRowDecoderTests
{
    private const int Depth = 128;

    private readonly Finding _finding = new();
    private readonly Corrections _corrections = new();
    private readonly GemmOutput _output = new();
    private readonly LineSums _deviations = new();
    private readonly NominalProduct _nominal = new();

    [OneTimeTearDown]
    public void Free() => _output.Dispose();

    [Test]
    public void A_single_flip_is_taken_back_whatever_its_bit([Range(0, 30)] int bit, [Values(7, 32, 128)] int edge)
    {
        var clean = Product(140, 145);
        Decode(FaultPlan.Of(140, 145, [new(133, 141, bit)]), edge);
        Assert.That(_corrections.All.ToArray(), Is.EqualTo(new[] { new Replacement(133, 141, clean[133 * 145 + 141]) }));
        Assert.That(_finding.IsClean);
    }

    [Test]
    public void A_flip_of_the_sign_is_condemned_and_not_guessed()
    {
        Product(40, 45);
        Decode(FaultPlan.Of(40, 45, [new(33, 41, 31)]), 32);
        Assert.That(_corrections.All.Length, Is.Zero);
        Assert.That(_finding.Masks(33, 41));
    }

    [TestCase("3,5,12; 3,9,12", Description = "a row's two of one bit, whose odd weights add up to an even number")]
    [TestCase("3,5,12; 3,9,13; 3,100,2; 3,101,29", Description = "four on a row")]
    [TestCase("3,5,12; 9,5,12", Description = "two on a column that add up to one of the next bit, or cancel")]
    [TestCase("3,5,12; 9,5,13; 9,7,4", Description = "a column that both rows show on")]
    [TestCase("3,5,12; 3,9,12; 9,5,12; 9,9,20", Description = "a rectangle")]
    public void Flips_that_share_lines_are_taken_back(string flips)
    {
        var clean = Product(128, 128);
        Flip[] plan = [.. flips.Split(';').Select(flip => flip.Split(',').Select(int.Parse).ToArray()).Select(of => new Flip(of[0], of[1], of[2]))];
        Decode(FaultPlan.Of(128, 128, plan), 128);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(plan.Select(flip => new Replacement(flip.Row, flip.Column, clean[flip.Row * 128 + flip.Column]))));
        Assert.That(_finding.IsClean);
    }

    [Test]
    public void Two_high_bits_that_cancel_in_their_row_do_not_escape()
    {
        // Weights 1 and 3 times 2^30 are 2^32: the row deviates nowhere, but no sum of products is so large.
        Product(128, 128);
        (_output.Row(3)[0], _output.Row(3)[1]) = (5, 6);
        Decode(FaultPlan.Of(128, 128, [new(3, 0, 30), new(3, 1, 30), new(90, 7, 3)]), 128);
        Assert.That(_deviations.Rows[3], Is.Zero);
        Assert.That(_corrections.All.ToArray().Where(to => to.Row == 3), Is.EquivalentTo(new[] { new Replacement(3, 0, 5), new Replacement(3, 1, 6) }));
    }

    [Test]
    public void Rows_that_deviate_nowhere_are_found_whatever_a_tile_before_them_left()
    {
        // Weights 4 i + 1 and 4 i + 3 times 2^30 are a multiple of 2^32. Tiles are read in turn, in two memories: the third stands where the first did, all of whose rows deviated.
        var clean = Product(128, 384);
        List<Flip> flips = [.. Enumerable.Range(0, 128).Select(row => new Flip(row, row, 3)), new Flip(5, 130, 3)];
        for (var i = 0; i < 20; i++)
        {
            foreach (var column in new[] { 256 + 2 * i, 257 + 2 * i })
            {
                clean[i * 384 + column] = _output.Row(i)[column] = 5;
                flips.Add(new Flip(i, column, 30));
            }
        }

        Decode(FaultPlan.Of(128, 384, [.. flips]), 128);
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(flips.Select(flip => new Replacement(flip.Row, flip.Column, clean[flip.Row * 384 + flip.Column]))));
        Assert.That(_finding.IsClean);
    }

    [TestCase(1152, "3,0,24; 3,127,24; 90,7,31", Description = "weights 1 and 255: 256 x 2^24, below the bound of K = 1152")]
    [TestCase(128, "3,5,31; 3,9,31; 90,7,31", Description = "two signs of a row, beside another that stays open")]
    public void A_row_that_may_hide_takes_its_tile_with_it(int depth, string flips)
    {
        Product(128, 128, depth: depth);
        _output.Row(3)[..128].Fill(5);
        Flip[] plan = [.. flips.Split(';').Select(flip => flip.Split(',').Select(int.Parse).ToArray()).Select(of => new Flip(of[0], of[1], of[2]))];
        Decode(FaultPlan.Of(128, 128, plan), 128);
        Assert.That(_deviations.Rows[3], Is.Zero);
        Assert.That(plan.Where(flip => !_finding.Masks(flip.Row, flip.Column)), Is.Empty);
    }

    [Test]
    public void Of_two_accumulators_that_would_bear_a_high_flip_the_large_one_has_it()
    {
        // Weights 21 and 85 are 64 apart: times 2^26 they are the same. A small negative value has bit 26 set, and without it is within the bound of K = 4608.
        var flips = TakeBack(-5, (3, 10, 26), (40, 42, 26), (90, 50, 30));
        Assert.That(_deviations.Rows[3], Is.EqualTo(_deviations.Rows[40]));
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(flips));
        Assert.That(_finding.IsClean);
    }

    [Test]
    public void A_row_that_is_a_high_flip_or_two_others_is_not_taken_for_the_one()
    {
        // 7 x 2^24 is 1 x 2^24 and 3 x 2^25: row 3 has the two, row 40 the one, and either's columns show the other's.
        var flips = TakeBack(5, (3, 0, 24), (3, 1, 25), (40, 3, 24), (90, 50, 30));
        Assert.That(_deviations.Rows[3], Is.EqualTo(_deviations.Rows[40]));
        Assert.That(_corrections.All.ToArray(), Is.EquivalentTo(flips));
        Assert.That(_finding.IsClean);
    }

    [TestCase(64, 3.219e-3, 0.995, 2e-4)]
    [TestCase(128, 3.219e-3, 0.985, 1e-3)]
    [TestCase(64, 1.076e-2, 0.92, 1e-3)]
    [TestCase(32, 1.076e-2, 0.985, 1e-3)]
    public void Most_flips_are_taken_back_and_next_to_none_is_misplaced(int edge, double rate, double share, double escapes)
    {
        var planner = new FaultPlanner();
        var (outcome, settlement) = (default(Outcome), new Settlement());
        for (var trial = 0; trial < 60; trial++)
        {
            Product(128, 256, trial);
            var plan = planner.Draw(7, new GemmSite(trial, 1, GemmRole.Value), 128, 256, BitErrorProfile.Uniform(rate));
            Decode(plan, edge);
            outcome += settlement.Settle(plan, _output, _finding, _corrections, 1 << 10);
        }

        TestContext.Out.WriteLine($"{outcome}");
        Assert.That((double)outcome.Exact / outcome.Flips, Is.GreaterThan(share));
        Assert.That((double)outcome.Escaped / outcome.Flips, Is.LessThan(escapes));
    }

    [Test]
    public void What_stays_open_is_condemned_over_the_whole_row([Values(16, 17)] int open)
    {
        // Signs are not named. One row in eight may stay open before the tile is lost.
        Product(128, 128);
        Decode(FaultPlan.Of(128, 128, [.. Enumerable.Range(0, open).Select(row => new Flip(7 * row, 5, 31))]), 128);
        Assert.That(_corrections.TilesGivenUp, Is.EqualTo(1));
        Assert.That(_finding.MaskedElements, Is.EqualTo((open > 16 ? 128 : open) * 128));
        Assert.That(Enumerable.Range(0, 128).All(column => _finding.Masks(7, column)));
    }

    [Test]
    public void A_tile_full_of_faults_is_given_up_in_bounded_time_and_condemned()
    {
        Product(128, 128);
        Decode(new FaultPlanner().Draw(7, new GemmSite(0, 1, GemmRole.Value), 128, 128, BitErrorProfile.Uniform(0.5)), 128);
        Assert.That(_corrections.TilesGivenUp, Is.EqualTo(1));
        Assert.That(_finding.MaskedElements, Is.EqualTo(128 * 128));
    }

    [Test]
    public void Implied_deviations_are_the_measured_ones([Values(7, 32, 64, 128)] int edge)
    {
        using var backend = Backends.Open(Backends.Default);
        var random = new Random(3);
        sbyte[] a = new sbyte[150 * 40], w = new sbyte[140 * 40];
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(a.AsSpan()));
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(w.AsSpan()));
        using var weights = backend.Prepare(w, 140, 40, new ChecksumTiles(edge, OddRows: true));
        var plan = new FaultPlanner().Draw(5, new GemmSite(0, 1, GemmRole.Query), 150, 140, BitErrorProfile.Uniform(0.01));
        backend.Multiply(new GemmCall(a, 150, 40, weights), plan, _output);
        var measured = new LineSums();
        ImpliedDeviation.Measure(_output.Expected, _output.Observed, measured);
        ImpliedDeviation.Sum(plan, _output, edge, _deviations, oddRows: true);
        Assert.That(measured.OddRows && _deviations.OddRows);
        Assert.That(measured.Rows.ToArray(), Is.EqualTo(_deviations.Rows.ToArray()));
        Assert.That(measured.Columns.ToArray(), Is.EqualTo(_deviations.Columns.ToArray()));
    }

    [Test]
    public void Other_sums_are_refused()
    {
        Product(40, 45);
        ImpliedDeviation.Sum(FaultPlan.None, _output, 32, _deviations);
        Assert.That(() => new OddRowDecoder().Correct(new SuspectProduct(_output, _deviations, null, default, default, _nominal), _finding, _corrections), Throws.ArgumentException.With.Message.Contains("odd weights"));
        ImpliedDeviation.Sum(FaultPlan.None, _output, 256, _deviations, oddRows: true);
        Assert.That(() => new OddRowDecoder().Correct(new SuspectProduct(_output, _deviations, null, default, default, _nominal), _finding, _corrections), Throws.ArgumentException.With.Message.Contains("1 to 128"));
        ImpliedDeviation.Sum(FaultPlan.None, _output, 32, _deviations, oddRows: true);
        float[] norms = new float[45];
        foreach (var other in (ICorrector[])[new PlaneDecoder(), new LocateAndCorrect(), new Recomputation(2)])
            Assert.That(() => other.Correct(new SuspectProduct(_output, _deviations, null, norms, norms, _nominal), _finding, _corrections), Throws.ArgumentException.With.Message.Contains("odd weights"), $"{other}");
    }

    [Test]
    public void Decoding_allocates_nothing_once_warm()
    {
        var decoder = new OddRowDecoder();
        long Allocated()
        {
            Product(128, 160, 3);
            var plan = new FaultPlanner().Draw(7, new GemmSite(0, 1, GemmRole.Value), 128, 160, BitErrorProfile.Uniform(1e-2));
            plan.Toggle(_output);
            ImpliedDeviation.Sum(plan, _output, 128, _deviations, oddRows: true);
            _corrections.Clear();
            var before = GC.GetAllocatedBytesForCurrentThread();
            decoder.Correct(new SuspectProduct(_output, _deviations, null, default, default, _nominal), _finding, _corrections);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();
        Allocated();
        Assert.That(Allocated(), Is.Zero);
    }

    private int[] Product(int m, int n, int seed = 1, int depth = Depth)
    {
        var random = new Random(seed);
        _output.Resize(new GemmShape(m, n, depth), n, m, 32);
        foreach (ref var value in _output.Accumulators)
            value = (int)(8000 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return _output.Accumulators.ToArray();
    }

    /// <summary>Decodes a tile of K = 4608. Accumulators that were hit hold 5; the others of their rows -5, which would bear a flip that adds, or in row 40 what is given.</summary>
    /// <returns>What would be right.</returns>
    private Replacement[] TakeBack(int ofRow40, params (int Row, int Column, int Bit)[] flips)
    {
        Product(128, 128, depth: 4608);
        foreach (var (row, _, _) in flips)
            _output.Row(row)[..128].Fill(row == 40 ? ofRow40 : -5);
        foreach (var (row, column, _) in flips)
            _output.Row(row)[column] = 5;
        Decode(FaultPlan.Of(128, 128, [.. flips.Select(flip => new Flip(flip.Row, flip.Column, flip.Bit))]), 128);
        return [.. flips.Select(flip => new Replacement(flip.Row, flip.Column, 5))];
    }

    private void Decode(FaultPlan plan, int edge)
    {
        plan.Toggle(_output);
        ImpliedDeviation.Sum(plan, _output, edge, _deviations, oddRows: true);
        _corrections.Clear();
        new OddRowDecoder().Correct(new SuspectProduct(_output, _deviations, null, default, default, _nominal), _finding, _corrections);
    }
}
