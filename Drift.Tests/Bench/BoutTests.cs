using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class BoutTests
{
    private static readonly BoutSettings Shortest = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 40, 40, 3);

    [Test]
    public void Each_form_has_a_turn_a_round_in_any_order_and_what_slows_a_round_slows_no_ratio()
    {
        // Two rounds that warm up, in each a run untimed and one timed.
        const int WarmUps = 2 * 2 * 3;
        var (clock, turns) = (new StoppedClock(), new List<int>());
        // The machine is twice as slow in every other round; the second form takes a quarter longer.
        Func<ISide> Form(int number, int milliseconds) => () => new Counting(() =>
        {
            turns.Add(number);
            clock.Pass(milliseconds * (1 + Math.Max(0, turns.Count - 1 - WarmUps) / 6 % 2));
        });
        var times = new Bout(Shortest with { Placements = 1 }, clock, default).Run([Form(0, 40), Form(1, 50), Form(2, 40)], Agree);
        var rounds = turns.Skip(WarmUps).Chunk(6).ToList();
        Assert.That(rounds.Count, Is.EqualTo(40));
        Assert.That(rounds.Select(round => round.Order()), Is.All.EqualTo(new[] { 0, 0, 1, 1, 2, 2 }), "a form runs twice a round, untimed and timed");
        Assert.That(rounds.Select(round => (round[0], round[2])).Distinct().Count(), Is.EqualTo(6), "every order occurs");
        Assert.That(times.Placements[0][0].Distinct().Count(), Is.EqualTo(2));
        var pair = new BoutTimes([.. times.Placements, .. times.Placements]).Pair(1, 0);
        Assert.That((pair.Ratio.Median, pair.Rounds, pair.Placements.Count), Is.EqualTo((0.8, 80, 2)).Using<double>((a, b) => Math.Abs(a - b) < 1e-9 ? 0 : 1));
        Assert.That(times.Pair(2, 0).Ratio, Is.EqualTo(new Quartiles(1, 1, 1)), "the control");
    }

    [Test]
    public void Each_placement_has_memory_of_its_own_that_is_made_before_the_last_ones_goes()
    {
        List<Counting> operands = [], sides = [];
        List<int> order = [];
        Counting Draw()
        {
            Assert.That(operands.Concat(sides).Count(one => one.Disposals == 0), Is.EqualTo(operands.Count == 0 ? 0 : 4));
            return Opened(operands);
        }

        Func<Counting, Counting> Form(int number) => given =>
        {
            order.Add(number);
            Assert.That(given, Is.SameAs(operands[^1]).And.Property("Disposals").Zero);
            return Opened(sides);
        };
        var agreed = 0;
        var times = new Bout(Shortest with { Placements = 6 }, new StoppedClock(), default).Run(Draw, [Form(0), Form(1), Form(2)], (_, _) => agreed++);
        Assert.Multiple(() =>
        {
            Assert.That((times.Placements.Count, times.Pair(1, 0).Rounds), Is.EqualTo((6, 6 * 40)));
            Assert.That((operands.Count, sides.Count, agreed), Is.EqualTo((6, 18, 12)));
            Assert.That(operands.Concat(sides).Select(one => one.Disposals), Has.All.EqualTo(1));
            Assert.That(sides.Select(side => side.Runs), Has.All.EqualTo(2 * 2 + 2 * 40));
            Assert.That(order.Chunk(3).Select(opened => string.Join(' ', opened)).Distinct().Count(), Is.GreaterThan(1), "forms are opened in any order");
        });
    }

    [Test]
    public void A_bout_lasts_as_long_as_it_is_told_in_turns_that_are_long_enough()
    {
        var clock = new StoppedClock();
        var settings = new BoutSettings(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(500), 1, 4, 2);
        Func<ISide> Form(double milliseconds) => () => new Counting(() => clock.Pass(milliseconds));
        var times = new Bout(settings, clock, default).Run([Form(1), Form(2)], Agree);
        // A round: 1 + 5 runs of 1 ms, 1 + 3 of 2 ms. Four rounds a placement, until 500 ms of rounds are over.
        Assert.That(times.Placements.Select(placement => placement[0].Count), Is.EqualTo(Enumerable.Repeat(4, 500 / (4 * 14)).Append(4)));
        // Nothing but the time ends a placement here: half of it each.
        Assert.That(new Bout(settings with { MostRounds = 1000 }, clock, default).Run([Form(1), Form(2)], Agree).Placements.Select(placement => placement[0].Count), Is.EqualTo(new[] { 18, 18 }));
        Assert.That((times.Pair(0, 1).Ours, times.Pair(0, 1).Ratio.Median), Is.EqualTo((0.001, 2.0)).Using<double>((a, b) => Math.Abs(a - b) < 1e-9 ? 0 : 1));
    }

    [Test]
    public void A_form_that_takes_four_times_as_long_is_seen_as_such()
    {
        static Func<ISide> Busy(int steps) => () => new Counting(() =>
        {
            for (var i = 0; i < steps; i++)
                Thread.MemoryBarrier();
        });
        var times = new Bout(Shortest, TimeProvider.System, default).Run([Busy(2_000), Busy(2_000), Busy(8_000)], Agree);
        Assert.That(times.Pair(2, 0).Ours, Is.GreaterThan(times.Pair(2, 0).Rival));
        Assert.That(times.Pair(2, 0).Ratio.Median, Is.LessThan(times.Pair(1, 0).Ratio.Median));
    }

    [Test]
    public void What_was_opened_is_given_back_where_a_form_fails_or_differs_or_time_is_up()
    {
        List<Counting> opened = [];
        var bout = new Bout(Shortest, TimeProvider.System, default);
        Assert.Throws<InvalidOperationException>(() => bout.Run<ISide>([() => Opened(opened), () => opened.Count < 3 ? Opened(opened) : throw new InvalidOperationException()], Agree));
        Assert.Throws<DisagreementException>(() => bout.Run<ISide>([() => Opened(opened), () => Opened(opened)], (_, _) => throw new DisagreementException("differ")));
        Assert.Throws<OperationCanceledException>(() => new Bout(Shortest, TimeProvider.System, new CancellationToken(true)).Run<ISide>([() => Opened(opened), () => Opened(opened)], Agree));
        Assert.That(opened.Count, Is.GreaterThanOrEqualTo(6));
        Assert.That(opened.Select(side => side.Disposals), Has.All.EqualTo(1));
    }

    private static void Agree(ISide side, ISide plain)
    {
        // Forms without values agree.
    }

    private static Counting Opened(List<Counting> all)
    {
        all.Add(new Counting(() => { }));
        return all[^1];
    }

    private sealed class Counting(Action run) : ISide
    {
        public string Name => "counting";

        public int Runs { get; private set; }

        public int Disposals { get; private set; }

        public void Run()
        {
            Runs++;
            run();
        }

        public void Dispose() => Disposals++;
    }
}
