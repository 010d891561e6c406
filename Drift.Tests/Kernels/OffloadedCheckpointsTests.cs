using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

public sealed class OffloadedCheckpointsTests
{
    [TestCase(IlgpuBackend.Cpu)]
    [TestCase(IlgpuBackend.OpenCL, Category = "OpenCL")]
    [TestCase(IlgpuBackend.Cuda, Category = "Gpu,Cuda")]
    public void Memory_that_cannot_be_locked_loses_no_device(string name)
    {
        using var backend = (IlgpuBackend)new BackendUnderTest(name, "", () => Backends.Open(name)).Open();
        using var checkpoints = backend.Use(() => new OffloadedCheckpoints((IlgpuTensors)backend.Tensors));
        // More than an array can have.
        var refused = Assert.Throws<BackendUnavailableException>(() => backend.Use(() => checkpoints.Lock(0, int.MaxValue)))!;
        Assert.That(refused.Message, Does.Contain("8192 MiB").And.Contain("locked").And.Contain("--checkpoint-place device").And.Not.Contain("lost"));
        Assert.That(refused.LacksMemory, Is.True);
        Assert.DoesNotThrow(() => backend.Use(() => checkpoints.Lock(0, 8)), "the device is there");
    }
}
