using System.Diagnostics;
using Drift.Bench;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using Drift.Models;
using Drift.Tests.Bench;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>A device that fails: one line that says what failed, and nothing run elsewhere in its place.</summary>
public sealed class DeviceFailureTests
{
    [Test]
    [Category("OpenCL")]
    public void A_kernel_that_the_driver_refuses_is_named_with_the_drivers_log()
    {
        var found = IlgpuBackend.Survey(IlgpuBackend.OpenCL);
        if (!found.Available)
            new BackendUnderTest(IlgpuBackend.OpenCL, "O2", () => throw new BackendUnavailableException(found.Detail)).Open();
        if (!found.Detail.StartsWith("cpu", StringComparison.Ordinal))
            Assert.Ignore("only PoCL takes build flags from the environment");
        var (code, said) = Drift(("POCL_EXTRA_BUILD_FLAGS", "-Dkernel=nonsense"), "compare", "--images", "1", "--steps", "1", "--rows", "nominal", "--backend", IlgpuBackend.OpenCL);
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(2));
            // PoCL writes lines of its own.
            Assert.That(said.Split('\n').Count(line => line.StartsWith("drift:", StringComparison.Ordinal)), Is.EqualTo(1));
            Assert.That(said, Does.Contain("does not compile").And.Contain("kernel direct").And.Contain("nonsense"));
        });
    }

    [Test]
    [Category("OpenCL")]
    public async Task A_device_that_is_lost_in_the_middle_of_a_run_is_one_line_and_the_end_of_it()
    {
        const int LostAfter = 3, Threads = 2;
        using var bench = new Workbench(new BackendUnderTest(IlgpuBackend.OpenCL, "O2", () => new IlgpuBackend(IlgpuBackend.OpenCL)).Open());
        var device = (IlgpuTensors)bench.Layers.Backend.Tensors!;
        var steps = 0;
        var drawing = new Drawing(Workbench.Requests(4), pictures => new GuardedGemm(bench.Platform, Workbench.Guarded, bench.Layers, pictures), _ =>
        {
            if (Interlocked.Increment(ref steps) == LostAfter)
                Lose(device);
        });
        int Draw(Session session) => new PictureBatch(bench.Pipeline, Threads, device).Draw(drawing, new SamplingSettings(5, 2), session.Cancellation).Count;
        var run = Invocation.Of(["compare"], Draw);
        Assert.That(await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(60))), Is.SameAs(run), "it hangs");
        var (code, _, said) = await run;
        TestContext.Out.WriteLine(said);
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(2));
            Assert.That(said.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
            Assert.That(said, Does.StartWith($"drift: {IlgpuBackend.OpenCL}: ").And.Contain("failed and is lost to this run (CL_INVALID_COMMAND_QUEUE)").And.Contain("the backend host"));
            // A step may have been behind its last call already.
            Assert.That(steps, Is.InRange(LostAfter, LostAfter + Threads - 1), "nothing runs elsewhere in its place");
            Assert.That(() => bench.Layers.Backend.Tensors!.OpenProducts().Settle(), Throws.TypeOf<BackendUnavailableException>(), "and nobody asks it again");
        });
    }

    [Test]
    [Category("OpenCL")]
    public void A_device_that_is_lost_before_operands_are_sent_says_so([Values("int8", "quantised", "fp32")] string type)
    {
        const int Edge = 32;
        using var backend = (IlgpuBackend)new BackendUnderTest(IlgpuBackend.OpenCL, "O2", () => new IlgpuBackend(IlgpuBackend.OpenCL)).Open();
        var weights = backend.Prepare(new sbyte[Edge * Edge], Edge, Edge, ChecksumTiles.None);
        var values = new float[Edge * Edge];
        // Compiled while the device is there: what fails is the way up.
        _ = backend.Floats;
        Lose((IlgpuTensors)backend.Tensors);
        Assert.That(() => type switch
        {
            "int8" => backend.Int8(new GemmCall(new sbyte[Edge * Edge], Edge, Edge, weights)),
            "quantised" => backend.Quantised(values, 1, weights),
            _ => (IDisposable)backend.Float(values, values, new GemmShape(Edge, Edge, Edge), 0),
        }, Throws.TypeOf<BackendUnavailableException>().With.Message.Contains("failed and is lost to this run"));
    }

    /// <summary>Closes the queue under a device: from here on the driver answers every call with an error, as it does where the device is gone. By name, since ILGPU's types are not for others to see.</summary>
    private static void Lose(IlgpuTensors device)
    {
        static object Get(object owner, string name) => owner.GetType().GetProperty(name)!.GetValue(owner)!;
        ((IDisposable)Get(Get(device, "Accelerator"), "DefaultStream")).Dispose();
    }

    private static (int Code, string Error) Drift((string Name, string Value) variable, params string[] arguments)
    {
        var target = Path.Combine(TestContext.CurrentContext.WorkDirectory, "refused");
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        using var process = Process.Start(new ProcessStartInfo(host, [Path.Combine(AppContext.BaseDirectory, "drift.dll"), .. arguments, "--out", target])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory, Environment = { [variable.Name] = variable.Value },
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        Assert.That(Directory.Exists(target), Is.False, "nothing half-written");
        return (process.ExitCode, error);
    }
}
