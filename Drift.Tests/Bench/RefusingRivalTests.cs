using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What a rival that gives no product does to the other results.</summary>
public sealed class RefusingRivalTests
{
    private static readonly GemmShape Ragged = new(5, 37, 19);

    [Test]
    public void One_that_refuses_is_a_note()
    {
        var bench = Bench();
        var alone = Bench();
        alone.Measure(GemmKinds.Int8, [], Ragged, 1);
        bench.Measure(GemmKinds.Int8, [Rival(() => CuBlas.Require(CuBlas.NotSupported, "a call", "Odd")), Rival(() => throw new BackendUnavailableException("out of device memory") { LacksMemory = true })], Ragged, 1);
        Assert.That(bench.Results, Has.Count.EqualTo(alone.Results.Count - 1), "all but ours alone");
        Assert.That(bench.Notes, Has.Count.EqualTo(2));
        Assert.That(bench.Notes[0], Does.StartWith($"{Ragged}").And.Contain("Odd").And.Contain("not supported"));
        Assert.That(bench.Notes[1], Does.StartWith($"{Ragged}").And.Contain("Throwing").And.Contain("out of device memory"));
    }

    [TestCase(3)]
    [TestCase(15)]
    public void A_status_that_refuses_is_told_from_one_that_fails(int status) => Assert.Throws<RivalRefusalException>(() => CuBlas.Require(status, "a call", "Odd"));

    [Test]
    public void One_that_fails_ends_the_bench_and_leaves_what_was_measured()
    {
        foreach (var (failure, fails) in new (Type, Action)[]
        {
            (typeof(UserErrorException), () => CuBlas.Require(13, "a call", "Odd")),
            (typeof(BackendUnavailableException), () => throw new BackendUnavailableException("lost")),
        })
        {
            var bench = Bench();
            Assert.Throws(failure, () => bench.Measure(GemmKinds.Int8, [Rival(fails)], Ragged, 1));
            Assert.That(bench.Results, Is.Not.Empty);
            Assert.That(bench.Notes, Is.Empty);
        }
    }

    private static GemmBench Bench() => new(new GemmBenchOptions(GemmContest.Gemm, [1], false, new DuelSettings(default, default, default, default, 1, 1), 1), default);

    private static Throwing Rival(Action fails) => new(fails);

    private sealed class Throwing(Action fails) : IRival<sbyte, int>
    {
        public string Name => nameof(Throwing);

        public string? Missing() => null;

        public IProduct<int> Open(Operands<sbyte> operands, int threads)
        {
            fails();
            throw new InvalidOperationException("it did not fail");
        }
    }
}
