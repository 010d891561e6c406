using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class BackendsTests
{
    [Test]
    public void The_survey_has_a_line_for_every_name() => Assert.Multiple(() =>
    {
        var survey = Backends.Survey();
        Assert.That(survey.Select(s => s.Name), Is.EqualTo(Backends.Names));
        Assert.That(survey.Select(s => s.Detail), Has.All.Not.Empty);
        Assert.That(Backends.Names, Does.Contain(Backends.Default));
    });

    [Test]
    public void The_survey_says_what_opening_does()
    {
        foreach (var status in Backends.Survey())
        {
            if (status.Available)
                Backends.Open(status.Name).Dispose();
            else
                Assert.That(Assert.Throws<BackendUnavailableException>(() => Backends.Open(status.Name))!.Message, Is.EqualTo(status.Detail).And.Contain("install"));
        }
    }

    [Test]
    public void An_opened_backend_has_the_name_that_opened_it()
    {
        foreach (var status in Backends.Survey().Where(s => s.Available))
        {
            using var backend = Backends.Open(status.Name);
            Assert.That(backend.Name, Is.EqualTo(status.Name));
        }
    }

    [Test]
    public void An_unknown_name_is_answered_with_the_known_ones()
    {
        var message = Assert.Throws<ArgumentException>(() => Backends.Open("gpu"))!.Message;
        foreach (var name in Backends.Names)
            Assert.That(message, Does.Contain(name));
    }

    [Test]
    public void Weights_stay_on_the_device_that_prepared_them()
    {
        using var one = new IlgpuBackend(IlgpuBackend.Cpu);
        using var other = new IlgpuBackend(IlgpuBackend.Cpu);
        using var output = new GemmOutput();
        using var weights = one.Prepare(new sbyte[4], 2, 2, 32);
        Assert.Throws<ArgumentException>(() => other.Multiply(new GemmCall(new sbyte[2], 1, 2, weights), FaultPlan.None, output));
    }

    [Test]
    public void What_is_disposed_says_so()
    {
        var backend = new IlgpuBackend(IlgpuBackend.Cpu);
        using var output = new GemmOutput();
        var gone = backend.Prepare(new sbyte[4], 2, 2, 32);
        var left = backend.Prepare(new sbyte[4], 2, 2, 32);
        gone.Dispose();
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backend.Multiply(new GemmCall(new sbyte[2], 1, 2, gone), FaultPlan.None, output));
        backend.Dispose();
        backend.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backend.Multiply(new GemmCall(new sbyte[2], 1, 2, left), FaultPlan.None, output));
        Assert.Throws<ObjectDisposedException>(() => backend.Prepare(new sbyte[4], 2, 2, 32));
        Assert.DoesNotThrow(left.Dispose);
    }

    [Test]
    public void What_was_disposed_is_refused_before_any_code_runs()
    {
        using var output = new GemmOutput();
        var host = new HostBackend();
        var (kept, freed) = (host.Prepare(new sbyte[4], 2, 2, 0), host.Prepare(new sbyte[4], 2, 2, 0));
        freed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => host.Multiply(new GemmCall(new sbyte[2], 1, 2, freed), FaultPlan.None, output));
        host.Dispose();
        Assert.Throws<ObjectDisposedException>(() => host.Multiply(new GemmCall(new sbyte[2], 1, 2, kept), FaultPlan.None, output));
        Assert.Throws<ObjectDisposedException>(() => host.Prepare(new sbyte[4], 2, 2, 0));
    }

    [Test]
    public void A_trial_tells_a_right_backend_from_a_wrong_one()
    {
        using var host = new HostBackend();
        Assert.That(BackendTrial.Passes(host), Is.True);
        Assert.That(BackendTrial.Passes(new OneBitOff(host)), Is.False);
    }

    [Test]
    public void Ilgpu_is_taught_the_drivers_name() => Assert.That(CudaDriver.Known, Is.True, "ILGPU itself asks for libcuda.so only");

    [TestCase("cuda", "libcuda.so.1", 7, Description = "the driver alone")]
    [TestCase("cuda", "cuda libcuda.so.1", 0, Description = "with the toolkit's name the usual search goes on")]
    [TestCase("cuda", "cuda", 0)]
    [TestCase("cuda", "", 0, Description = "no driver")]
    [TestCase("OpenCL", "libcuda.so.1", 0, Description = "others are looked for as before")]
    public void A_driver_without_the_toolkits_name_is_found(string asked, string present, int found) =>
        Assert.That((int)CudaDriver.Resolve(asked, name => present.Split(' ').Contains(name) ? 7 : 0), Is.EqualTo(found));

    /// <summary>A device of which one accumulator comes out wrong, and of which the sums know nothing.</summary>
    private sealed class OneBitOff(IGemmBackend right) : IGemmBackend
    {
        public string Name => "wrong";

        public GemmWeights Prepare(ReadOnlySpan<sbyte> weights, int n, int k, ChecksumTiles tiles) => right.Prepare(weights, n, k, tiles);

        public void Multiply(in GemmCall call, FaultPlan faults, GemmOutput output)
        {
            right.Multiply(call, faults, output);
            output.Row(77)[99] ^= 1;
        }

        public void Dispose()
        {
        }
    }
}
