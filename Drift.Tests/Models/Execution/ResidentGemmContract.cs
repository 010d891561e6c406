using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Guarded layers whose activations stay on a device, against the same layers through the host: values, ledgers and traces to the last bit.</summary>
[TestFixtureSource(nameof(Fixtures))]
public sealed class ResidentGemmContract(BackendUnderTest under)
{
    private const int Pictures = 2, Rows = 34, Width = 21, Out = 37, Steps = 3;

    private readonly Platform _platform = new(new ErrorModel(new FixedRate(0.004)),
        new AcceleratorCost(new SystolicArray(), EnergyModel.Load(DataFolder.Path("energy", "paper.csv"))));

    private IGemmBackend _device = null!;

    public static IEnumerable<TestFixtureData> Fixtures() => BackendUnderTest.FixturesOf(BackendUnderTest.All().Where(backend => IlgpuBackend.Names.Contains(backend.Name)));

    [OneTimeSetUp]
    public void Open() => _device = under.Open();

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    private static IEnumerable<TestCaseData> Strategies()
    {
        var point = OperatingPoint.Of(0.675, 2.0);
        foreach (var outputs in Enum.GetValues<OutputForm>())
        {
            Strategy Of(Protection? protection) => new(() => new UniformPolicy(point), outputs, protection) { Covers = _ => true };
            yield return new TestCaseData(Of(null), ScaleGroups.PerTensor).SetArgDisplayNames($"unprotected, {outputs}");
            yield return new TestCaseData(Of(Protection.Rollback(16, interval: 2)), ScaleGroups.PerTensor).SetArgDisplayNames($"rollback, {outputs}");
            yield return new TestCaseData(Of(Protection.Rollback(16, interval: 1)), ScaleGroups.PerChannelAndToken).SetArgDisplayNames($"rollback of tokens, {outputs}");
            yield return new TestCaseData(Of(Protection.Rollback(16) with { Recovery = new ZeroMask() }), ScaleGroups.PerTensor).SetArgDisplayNames($"zeros, {outputs}");
        }

        var heard = new Strategy(() => new Wary(point), OutputForm.Saturating, Protection.Rollback(16)) { Covers = _ => true };
        yield return new TestCaseData(heard, ScaleGroups.PerTensor).SetArgDisplayNames("a policy that hears alarms");
    }

    [TestCaseSource(nameof(Strategies))]
    public void Values_ledgers_and_traces_are_the_hosts(Strategy strategy, ScaleGroups groups)
    {
        using var host = new HostBackend();
        var there = Run(_device, strategy, groups, _device.Tensors!.OpenWorkspace());
        var here = Run(host, strategy, groups, new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(there.Values, Is.EqualTo(here.Values));
            for (var picture = 0; picture < Pictures; picture++)
            {
                Assert.That(there.Runs[picture].Ledger, Is.EqualTo(here.Runs[picture].Ledger), $"picture {picture}");
                Assert.That(there.Runs[picture].Trace!.Rows, Is.EqualTo(here.Runs[picture].Trace!.Rows), $"picture {picture}");
            }
        });
    }

    [TestCase(OutputForm.Saturating)]
    [TestCase(OutputForm.Wide)]
    public void Checkpoints_in_the_hosts_memory_change_no_bit_and_travel_beside_the_products(OutputForm outputs)
    {
        using var host = new HostBackend();
        var protection = Protection.Rollback(16, interval: 1) with { Place = CheckpointPlace.Host };
        var strategy = new Strategy(() => new UniformPolicy(OperatingPoint.Of(0.675, 2.0)), outputs, protection) { Covers = _ => true };
        var before = _device.Tensors!.Traffic;
        var there = Run(_device, strategy, ScaleGroups.PerTensor, _device.Tensors.OpenWorkspace(), Ahead);
        var traffic = _device.Tensors.Traffic - before;
        var here = Run(host, strategy, ScaleGroups.PerTensor, new Workspace());
        int[] outputsOfLayers = [Rows * Out, Rows * Width, Rows * Width, Rows * Out];
        var bytes = Pictures * outputsOfLayers.Sum(values => outputs == OutputForm.Wide ? values * sizeof(float) : ((values + 3) / 4 * 4) + sizeof(float));
        Assert.Multiple(() =>
        {
            Assert.That(there.Values, Is.EqualTo(here.Values));
            for (var picture = 0; picture < Pictures; picture++)
                Assert.That(there.Runs[picture].Ledger, Is.EqualTo(here.Runs[picture].Ledger), $"picture {picture}");
            Assert.That(there.Runs[0].Ledger.ElementsMended, Is.Positive);
            Assert.That((traffic.OffloadedBytes, traffic.RestoredBytes), Is.EqualTo(((long)Steps * bytes, (long)(Steps - 1) * bytes)));
            Assert.That(traffic.RoundTrips, Is.EqualTo(3 * Steps), "the host waits for no checkpoint");
        });
    }

    [Test]
    public void A_product_waits_for_a_checkpoint_that_takes_longer_than_it_does()
    {
        // Megabytes of output of a few multiply-adds each. The simulator, which has one queue, takes a small one.
        var (m, n) = under.Name == IlgpuBackend.Cpu ? (32, 32) : (1024, 1024);
        var protection = Protection.Rollback(32, interval: 1) with { Place = CheckpointPlace.Host };
        var strategy = new Strategy(() => new UniformPolicy(OperatingPoint.Of(0.675, 2.0)), OutputForm.Wide, protection) { Covers = _ => true };
        float[] Draw(IGemmBackend backend, Workspace workspace)
        {
            using var layers = new QuantisedLayers(backend);
            LinearLayer[] wide = [.. Enumerable.Range(1, 3).Select(index => Layer(index, n, 4))];
            var run = new PictureRun(new PictureRequest(1, 0));
            using var scope = workspace.Begin();
            var (x, y) = (workspace.Rent(m, 4), wide.Select(_ => workspace.Rent(m, n)).ToArray());
            using (var unit = new GuardedGemm(_platform, strategy, layers, [run]))
            {
                for (var index = 0; index < Steps; index++)
                {
                    Fill(x.Span, 40 + index);
                    unit.Linear(new StepContext(index, index, workspace), x, [.. wide.Zip(y, (layer, output) => new Projection(layer, output))]);
                }
            }

            Assert.That(run.Ledger.ElementsMended, Is.Positive);
            float[] values = [.. y.SelectMany(output => output.Span.ToArray())];
            workspace.Release();
            return values;
        }

        using var host = new HostBackend();
        Assert.That(Draw(_device, _device.Tensors!.OpenWorkspace()).AsSpan().SequenceEqual(Draw(host, new Workspace())));
    }

    [TestCaseSource(nameof(Strategies))]
    public void Convolutions_are_the_hosts(Strategy strategy, ScaleGroups groups)
    {
        using var host = new HostBackend();
        var there = Convolve(_device, strategy, groups, _device.Tensors!.OpenWorkspace());
        var here = Convolve(host, strategy, groups, new Workspace());
        Assert.Multiple(() =>
        {
            Assert.That(there.Values, Is.EqualTo(here.Values));
            for (var picture = 0; picture < Pictures; picture++)
            {
                Assert.That(there.Runs[picture].Ledger, Is.EqualTo(here.Runs[picture].Ledger), $"picture {picture}");
                Assert.That(there.Runs[picture].Trace!.Rows, Is.EqualTo(here.Runs[picture].Trace!.Rows), $"picture {picture}");
            }
        });
    }

    [Test]
    public void The_host_waits_for_values_that_it_reads_and_once_a_step()
    {
        var before = _device.Tensors!.Traffic;
        var strategy = new Strategy(() => new UniformPolicy(OperatingPoint.Of(0.675, 2.0)), OutputForm.Saturating, Protection.Rollback(16)) { Covers = _ => true };
        Run(_device, strategy, ScaleGroups.PerTensor, _device.Tensors.OpenWorkspace());
        Assert.That((_device.Tensors.Traffic - before).RoundTrips, Is.EqualTo(3 * Steps));
    }

    /// <summary>Two layers, one behind the other, over some steps.</summary>
    private (float[] Values, IReadOnlyList<PictureRun> Runs) Run(IGemmBackend backend, Strategy strategy, ScaleGroups groups, Workspace workspace, Action<Workspace>? before = null)
    {
        using var layers = new QuantisedLayers(backend, groups);
        LinearLayer first = Layer(1, Out, Width), beside = Layer(2, Width, Width), second = Layer(3, Width, Out), told = Layer(4, Out, Width);
        IReadOnlyList<PictureRun> runs = [.. Enumerable.Range(0, Pictures).Select(i => new PictureRun(new PictureRequest((ulong)i + 1, 0)) { Trace = new RunTrace() })];
        var values = new List<float>();
        using (var unit = new GuardedGemm(_platform, strategy, layers, runs))
        {
            for (var index = 0; index < Steps; index++)
            {
                using var scope = workspace.Begin();
                var step = new StepContext(index, index, workspace);
                Tensor x = workspace.Rent(Pictures * Rows, Width), y = workspace.Rent(Pictures * Rows, Out), z = workspace.Rent(Pictures * Rows, Width), last = workspace.Rent(Pictures * Rows, Width);
                Fill(x.Span, 10 + index);
                // What never stood on the device, as the states of a text.
                var text = new Tensor(Pictures * Rows, Width);
                Fill(text.Span, 20 + index);
                before?.Invoke(workspace);
                unit.Linear(step, x, new Projection(first, y), new Projection(beside, z));
                unit.Linear(step, y, new Projection(second, last));
                values.AddRange(last.Span);
                unit.Linear(step, text, new Projection(told, y));
                values.AddRange(y.Span);
            }
        }

        workspace.Release();
        return ([.. values], runs);
    }

    /// <summary>Work that holds the computing queue up, so that another one that did not wait for it would be too early. The simulator has one queue.</summary>
    private void Ahead(Workspace workspace)
    {
        const int Size = 1024, Times = 16;
        if (under.Name == IlgpuBackend.Cpu)
            return;
        var x = workspace.Rent(Size, Size);
        x.Span.Clear();
        using var products = _device.Tensors!.OpenProducts();
        for (var i = 0; i < Times; i++)
            products.Quantise(x, 0, Size, 1);
    }

    /// <summary>A convolution, one of every second pixel behind it and a last one in fp32, over some steps; two images a picture.</summary>
    private (float[] Values, IReadOnlyList<PictureRun> Runs) Convolve(IGemmBackend backend, Strategy strategy, ScaleGroups groups, Workspace workspace)
    {
        const int Edge = 5, Images = 2 * Pictures;
        using var layers = new QuantisedLayers(backend, groups);
        ConvolutionLayer first = Convolution(1, 3, 18, 3, 1), second = Convolution(2, 18, 5, 3, 2), third = Convolution(3, 5, 4, 1, 1);
        IReadOnlyList<PictureRun> runs = [.. Enumerable.Range(0, Pictures).Select(i => new PictureRun(new PictureRequest((ulong)i + 1, 0)) { Trace = new RunTrace() })];
        var values = new List<float>();
        using (var unit = new GuardedGemm(_platform, strategy with { Covers = key => key.Index < 3 }, layers, runs))
        {
            for (var index = 0; index < Steps; index++)
            {
                using var scope = workspace.Begin();
                var step = new StepContext(index, index, workspace);
                Tensor x = workspace.Rent(Images, Edge, Edge, 3), y = workspace.Rent(Images, Edge, Edge, 18);
                Tensor z = workspace.Rent(Images, second.Output(Edge), second.Output(Edge), 5), last = workspace.Rent(Images, second.Output(Edge), second.Output(Edge), 4);
                Fill(x.Span, 30 + index);
                unit.Convolve(step, x, first, y);
                unit.Convolve(step, y, second, z);
                unit.Convolve(step, z, third, last);
                values.AddRange(last.Span);
            }
        }

        workspace.Release();
        return ([.. values], runs);
    }

    private static ConvolutionLayer Convolution(int index, int channels, int filters, int kernel, int stride)
    {
        var (weights, bias) = (new float[filters * channels * kernel * kernel], new float[filters]);
        Fill(weights, index);
        Fill(bias, -index);
        return new ConvolutionLayer(new LayerKey(0, GemmRole.Convolution, index), weights, bias, filters, channels, kernel, stride, kernel / 2);
    }

    private static LinearLayer Layer(int index, int n, int k)
    {
        var (weights, bias) = (new float[n * k], new float[index == 2 ? 0 : n]);
        Fill(weights, index);
        Fill(bias, -index);
        return new LinearLayer(new LayerKey(0, GemmRole.Query, index), weights, bias, n, k);
    }

    private static void Fill(Span<float> values, int seed)
    {
        var random = new Random(seed);
        foreach (ref var value in values)
            value = ((random.NextSingle() * 2) - 1) * 3;
    }

    /// <summary>Runs the product after one that raised an odd number of alarms at the nominal point.</summary>
    private sealed class Wary(OperatingPoint point) : IOperatingPolicy
    {
        private AlarmCount _last;

        public OperatingPoint Choose(GemmSite site) => _last is { Flagged: var flagged, Lines: > 0 } && flagged % 2 == 1 ? OperatingPoint.Nominal : point;

        public void Observe(GemmSite site, AlarmCount alarms) => _last = alarms;
    }
}
