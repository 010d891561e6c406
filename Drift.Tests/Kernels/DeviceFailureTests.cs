using System.Diagnostics;
using Drift.Kernels;
using Drift.Kernels.Ilgpu;
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
