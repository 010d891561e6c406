using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>A registered backend in one of the ways that it can be opened: every contract runs over all of them.</summary>
public sealed record BackendUnderTest(string Name, string Variant, Func<IGemmBackend> Make)
{
    /// <summary>Names a device's tests, as in <c>--filter Category=OpenCL</c>, and in the variable that makes its absence a failure.</summary>
    public IReadOnlyList<string> Categories => Name switch
    {
        IlgpuBackend.OpenCL => ["OpenCL"],
        IlgpuBackend.Cuda => ["Cuda", "Gpu"],
        _ => [],
    };

    public static IEnumerable<BackendUnderTest> All() => Backends.Names.SelectMany(name => name switch
    {
        "host" => HostBackend.InstructionPaths.SelectMany(path => new[] { 1, 3 }.Select(threads =>
            new BackendUnderTest(name, $"{path.Name} x {threads}", () => new HostBackend(threads, path.Name)))),
        _ when IlgpuBackend.Names.Contains(name) =>
        [
            new BackendUnderTest(name, "O0", () => new IlgpuBackend(name, optimised: false)),
            new BackendUnderTest(name, "O2", () => new IlgpuBackend(name)),
        ],
        _ => [new BackendUnderTest(name, "as registered", () => Backends.Open(name))],
    });

    /// <summary>Devices made to multiply INT8 by a family that is not their fastest: no GPU whose own way dot products are was at hand yet, and one of sm_90 has two kinds of tensor cores.</summary>
    public static IEnumerable<BackendUnderTest> Chosen() =>
        from name in IlgpuBackend.Names
        from family in name == IlgpuBackend.Cuda ? new[] { KernelFamilies.Dot, KernelFamilies.Matrix } : [KernelFamilies.Dot]
        from optimised in new[] { false, true }
        select new BackendUnderTest(name, $"{(optimised ? "O2" : "O0")} {family}", () => new IlgpuBackend(name, optimised, family: family)) { Family = family };

    /// <summary>The family that multiplies INT8, where it is not the device's own choice.</summary>
    public string? Family { get; init; }

    /// <summary>Fixtures for <see cref="TestFixtureSourceAttribute"/>.</summary>
    public static IEnumerable<TestFixtureData> Fixtures() => FixturesOf(All());

    /// <summary>The same, and <see cref="Chosen"/>.</summary>
    public static IEnumerable<TestFixtureData> FixturesOfFamilies() => FixturesOf([.. All(), .. Chosen()]);

    /// <summary>Fixtures of some of them. A name of its own: NUnit takes no overloaded source, and says nothing.</summary>
    public static IEnumerable<TestFixtureData> FixturesOf(IEnumerable<BackendUnderTest> backends) => backends.Select(backend =>
    {
        var data = new TestFixtureData(backend).SetArgDisplayNames(backend.Name, backend.Variant);
        foreach (var category in backend.Categories)
            data.Properties.Add("Category", category);
        return data;
    });

    /// <summary>Opens it, or skips the test with the reason, unless DRIFT_REQUIRE lists one of its categories.</summary>
    public IGemmBackend Open()
    {
        try
        {
            return Make();
        }
        catch (BackendUnavailableException e)
        {
            var required = (Environment.GetEnvironmentVariable("DRIFT_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);
            if (required.Intersect(Categories, StringComparer.OrdinalIgnoreCase).Any())
                Assert.Fail($"DRIFT_REQUIRE asks for {Name}: {e.Message}");
            Assert.Ignore(e.Message);
            throw;
        }
    }

    public override string ToString() => $"{Name} {Variant}";
}
