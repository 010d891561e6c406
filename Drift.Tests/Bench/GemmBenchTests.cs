using System.Text.Json;
using Drift.Bench;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class GemmBenchTests
{
    private static readonly GemmShape Ragged = new(5, 37, 19);

    private static IEnumerable<TestCaseData> Int8Rivals => RivalRegistry.Int8.Select(rival => new TestCaseData(rival).SetArgDisplayNames(rival.Name));

    private static IEnumerable<TestCaseData> FloatRivals => RivalRegistry.Float.Select(rival => new TestCaseData(rival).SetArgDisplayNames(rival.Name));

    [Test]
    public void Sides_take_turns_and_their_medians_count()
    {
        var clock = new StoppedClock();
        var turns = new List<char>();
        var pauses = 0;
        var run = 0;
        // Ours takes 2 ms but for every fifth run, which something else interrupts for a second.
        void Ours()
        {
            clock.Pass(++run % 5 == 0 ? 1000 : 2);
            Note('A');
        }

        void Rival()
        {
            clock.Pass(8);
            Note('B');
        }

        void Note(char side)
        {
            if (turns.Count == 0 || turns[^1] != side)
                turns.Add(side);
        }

        static TimeSpan Of(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
        var settings = new DuelSettings(Of(4), Of(1), Of(40), Of(100), 4, 9);
        var times = new Duel(settings, clock, () => pauses++).Run(Ours, Rival, default);
        Assert.That((times.Ours, times.Rival), Is.EqualTo((0.002, 0.008)));
        // The warm-ups are one turn, then four each: the least that the settings allow, since a turn of each takes most of the total.
        Assert.That(string.Concat(turns), Is.EqualTo("ABABABABAB"));
        Assert.That(pauses, Is.EqualTo(10));
    }

    [Test]
    public void Short_runs_are_counted_together_and_a_lone_side_has_no_rival()
    {
        var clock = new StoppedClock();
        var runs = 0;
        static TimeSpan Of(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
        var times = new Duel(new DuelSettings(Of(1), Of(10), Of(10), Of(1000), 2, 3), clock, () => { }).Run(() =>
        {
            runs++;
            clock.Pass(1);
        }, null, default);
        Assert.That((times.Ours, times.Rival), Is.EqualTo((0.001, (double?)null)));
        Assert.That(runs, Is.EqualTo(2 + 3 * (1 + 10)), "the warm-up, then three turns of one run untimed and one round of ten");
    }

    [Test]
    public void What_is_waited_for_once_a_round_is_timed_in_rounds_that_are_long_enough()
    {
        var clock = new StoppedClock();
        static TimeSpan Of(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
        // A run takes 1 ms, a wait 10: one run at a time would seem to take 11.
        var times = new Duel(new DuelSettings(Of(400), Of(100), Of(100), Of(1000), 2, 3), clock, () => { }).Run(times => clock.Pass(10 + times), null, default);
        Assert.That(times.Ours, Is.EqualTo(0.001).Within(15).Percent);
    }

    [Test]
    public void Forms_in_rounds_have_a_control_and_quartiles()
    {
        var settings = new DuelSettings(default, default, default, default, 3, 3) { Placements = 2 };
        var bench = new GemmBench(new GemmBenchOptions(GemmContest.Abft, [1], false, settings, 1), default);
        bench.Meet(GemmKinds.Int8, Ragged, 1);
        Assert.That(bench.Results.Select(result => result.Protection), Is.EqualTo(new[] { "none, again", "flat32", "flat128", "hierarchical32in256" }));
        using var document = JsonDocument.Parse(ResultJson.Write(bench.Results));
        foreach (var result in document.RootElement.EnumerateArray())
        {
            var (lower, ratio, upper) = (result.GetProperty("ratioQuartiles")[0].GetDouble(), result.GetProperty("ratio").GetDouble(), result.GetProperty("ratioQuartiles")[1].GetDouble());
            Assert.That(ratio, Is.InRange(lower, upper));
            Assert.That((result.GetProperty("rounds").GetInt32(), result.GetProperty("placementRatios").GetArrayLength()), Is.EqualTo((6, 2)));
        }
    }

    [Test]
    public void What_a_bout_opened_is_closed_when_a_form_fails()
    {
        var settings = new DuelSettings(default, default, default, default, 3, 3) { Placements = 2 };
        List<IProduct<int>> opened = [];
        var kind = GemmKinds.Int8 with
        {
            Ours = (operands, threads, guarding, rate) =>
            {
                // The last form of the second placement.
                if (opened.Count == 2 * (GemmKinds.Int8.Guards.Count + 2) - 1)
                    throw new InvalidOperationException();
                opened.Add(new Counted(new OurInt8Product(operands, threads, guarding, rate)));
                return opened[^1];
            },
        };
        Assert.Throws<InvalidOperationException>(() => new GemmBench(new GemmBenchOptions(GemmContest.Abft, [1], false, settings, 1), default).Meet(kind, Ragged, 1));
        Assert.That(opened.Cast<Counted>().Select(product => product.Disposals).ToList(), Has.Count.GreaterThan(5).And.All.EqualTo(1));
    }

    [Test]
    public void A_cancelled_duel_stops()
    {
        var clock = new StoppedClock();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => new Duel(DuelSettings.Quick, clock, () => { }).Run(() => clock.Pass(1), null, source.Token));
    }

    [Test]
    public void The_json_has_the_schemas_names_and_null_for_no_rival()
    {
        var shape = new GemmShape(100, 50, 1000);
        GemmResult[] results =
        [
            GemmResult.Of("gemm", "int8", shape, 2, "flat32", "GOP/s", new DuelTimes(0.001, 0.002), "other"),
            GemmResult.Of("gemm", "fp32", shape, 1, "none", "GFLOP/s", new DuelTimes(0.001, null), null),
        ];
        var machine = new Dictionary<string, object?>(MachineRecord.Survey()!) { ["processor"] = MachineRecord.Processor() };
        using var document = JsonDocument.Parse(ResultJson.Write(new GemmReport(machine, results)));
        var root = document.RootElement;
        Assert.That(root.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[] { "machine", "results" }));
        Assert.That(root.GetProperty("machine").GetProperty("processor").GetString(), Is.Not.Empty);
        var names = new[] { "what", "type", "m", "n", "k", "threads", "protection", "ours", "rival", "rivalName", "unit", "ratio" };
        foreach (var result in root.GetProperty("results").EnumerateArray())
            Assert.That(result.EnumerateObject().Select(p => p.Name), Is.EqualTo(names));
        var (pair, lone) = (root.GetProperty("results")[0], root.GetProperty("results")[1]);
        Assert.That(pair.GetProperty("ours").GetDouble(), Is.EqualTo(10).Within(1e-9), "2 M N K / time");
        Assert.That(pair.GetProperty("rival").GetDouble(), Is.EqualTo(5).Within(1e-9));
        Assert.That(pair.GetProperty("ratio").GetDouble(), Is.EqualTo(2).Within(1e-9));
        Assert.That((pair.GetProperty("m").GetInt32(), pair.GetProperty("n").GetInt32(), pair.GetProperty("k").GetInt32()), Is.EqualTo((100, 50, 1000)));
        foreach (var absent in new[] { "rival", "rivalName", "ratio" })
            Assert.That(lone.GetProperty(absent).ValueKind, Is.EqualTo(JsonValueKind.Null), absent);
    }

    [Test]
    public void The_table_has_a_line_a_pair_and_says_what_is_missing()
    {
        using var output = new StringWriter();
        GemmTable.Print(output, [GemmResult.Of("gemm", "int8", GemmLayer.Tiny.Shape, 2, "flat32", "GOP/s", new DuelTimes(0.001, 0.0012345), "other") with { Taken = 0.5 }], ["absent: install it"]);
        Assert.That(output.ToString(), Does.Contain("rounds in turn").And.Not.Contain("random order"));
        using var paired = new StringWriter();
        GemmTable.Print(paired, [GemmResult.Of("abft", "int8", GemmLayer.Tiny.Shape, 2, "flat32", "GOP/s", new BoutTimes([[[1, 1, 1], [1, 1, 1]]]).Pair(1, 0), "other")], []);
        Assert.That(paired.ToString(), Does.Contain("random order").And.Contain("median of the rounds' own").And.Not.Contain("rounds in turn"));
        Assert.That(output.ToString(), Does.Contain("tiny qkv").And.Contain("64 x 384 x 128").And.Contain("flat32").And.Contain("1.234*").And.Contain("absent: install it"));
    }

    [Test]
    public void A_variable_that_slows_openblas_is_told()
    {
        Assert.That(OpenBlasRival.Warnings(_ => null), Is.Empty);
        Assert.That(OpenBlasRival.Warnings(name => name == "OPENBLAS_CORETYPE" ? "PRESCOTT" : null).Single(), Does.Contain("OPENBLAS_CORETYPE=PRESCOTT").And.Contain("unset"));
    }

    [TestCaseSource(nameof(Int8Rivals))]
    public void An_int8_rival_gives_our_bits(object rival)
    {
        var open = Present((IRival<sbyte, int>)rival);
        foreach (var shape in new[] { Ragged, GemmLayer.Tiny.Shape })
        {
            using var operands = Operands.Int8(shape);
            using var theirs = open.Open(operands, 1);
            foreach (var guarding in (Guarding[])[Guarding.None, .. Guarding.Checked])
            {
                using var ours = new OurInt8Product(operands, 1, guarding);
                Agreement.Require(ours, theirs, shape, 0);
            }
        }
    }

    [TestCaseSource(nameof(FloatRivals))]
    public void A_float_rival_gives_our_values(object rival)
    {
        var open = Present((IRival<float, float>)rival);
        using var operands = Operands.Float(Ragged);
        using var theirs = open.Open(operands, 1);
        using var ours = new OurFloatProduct(operands, 1, Guarding.None);
        Agreement.Require(ours, theirs, Ragged, GemmKinds.Float.Tolerance);
    }

    [TestCase("ilgpu-cpu")]
    [TestCase("ilgpu-opencl", Category = "OpenCL")]
    [TestCase("ilgpu-cuda", Category = "Gpu,Cuda")]
    public void A_device_agrees_with_its_rivals(string name)
    {
        using var device = OpenProducts(name);
        using (var operands = Operands.Int8(Ragged))
            Agree(DeviceKinds.Int8(device), operands, new HostInt8());
        using (var operands = Operands.Float(Ragged))
            Agree(DeviceKinds.Float(device), operands, new HostFp32());

        static void Agree<TIn, TOut>(GemmKind<TIn, TOut> kind, Operands<TIn> operands, IRival<TIn, TOut> host)
            where TIn : unmanaged
            where TOut : unmanaged, System.Numerics.INumber<TOut>
        {
            foreach (var guarding in (Guarding[])[Guarding.None, .. kind.Guards])
            {
                using var ours = kind.Ours(operands, 1, guarding, 0);
                foreach (var rival in kind.Rivals.Append(host).Where(rival => rival.Missing() is null))
                {
                    using var theirs = rival.Open(operands, 1);
                    Agreement.Require(ours, theirs, Ragged, kind.Tolerance);
                }
            }
        }
    }

    [Test]
    public void What_others_use_is_read_from_the_kernel()
    {
        Assert.That(Neighbours.BusySeconds("cpu  100 20 30 4000 5 6 7 8 0 0"), Is.EqualTo(1.71), "all but idle and waiting for a disk");
        Assert.That(Neighbours.BusySeconds("intr 1 2 3 4 5 6 7 8 9 10"), Is.Null);
        Assert.That(new Neighbours().Processors(), Is.Null.Or.GreaterThanOrEqualTo(0));
    }

    [TestCase(1.0001f, true)]
    [TestCase(1.1f, false)]
    [TestCase(float.NaN, false)]
    public void Sides_that_differ_are_not_timed(float other, bool agree)
    {
        var shape = new GemmShape(2, 3, 1);
        using var ours = new Constant(1, shape.N);
        using var theirs = new Constant(other, shape.N);
        void Check() => Agreement.Require(ours, theirs, shape, 2e-4);
        if (agree)
            Assert.DoesNotThrow(Check);
        else
            Assert.That(Assert.Throws<DisagreementException>(Check)!.Message, Does.Contain("row 0, column 0").And.Contain("nothing was timed"));
    }

    private static IDeviceProducts OpenProducts(string name)
    {
        try
        {
            return Backends.OpenProducts(name);
        }
        catch (BackendUnavailableException e)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    private static IRival<TIn, TOut> Present<TIn, TOut>(IRival<TIn, TOut> rival)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        if (rival.Missing() is { } missing)
            Assert.Ignore($"{rival.Name}: {missing}");
        return rival;
    }

    private sealed class Constant(float value, int n) : IProduct<float>
    {
        public string Name => $"{value}";

        public void Run()
        {
        }

        public ReadOnlySpan<float> Row(int row) => Enumerable.Repeat(value, n).ToArray();

        public void Dispose()
        {
        }
    }

    private sealed class Counted(IProduct<int> product) : IProduct<int>
    {
        public int Disposals { get; private set; }

        public string Name => product.Name;

        public void Run() => product.Run();

        public ReadOnlySpan<int> Row(int row) => product.Row(row);

        public void Dispose()
        {
            Disposals++;
            product.Dispose();
        }
    }
}
