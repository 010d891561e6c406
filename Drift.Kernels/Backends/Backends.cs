using Drift.Kernels.Ilgpu;

namespace Drift.Kernels;

/// <summary>A backend that this build knows.</summary>
/// <param name="Name">The name that selects it.</param>
/// <param name="Available">Whether it can run here.</param>
/// <param name="Detail">What it runs on, or why it is missing and what to install.</param>
public sealed record BackendStatus(string Name, bool Available, string Detail);

/// <summary>The registry: the one place that lists backends by name.</summary>
public static class Backends
{
    /// <summary>The name of the default backend.</summary>
    public const string Default = "host";

    /// <summary>The OpenCL device's name.</summary>
    public const string OpenCL = IlgpuBackend.OpenCL;

    /// <summary>All names that <see cref="Open"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["host", "reference", .. IlgpuBackend.Names];

    /// <summary>Opens a backend.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="threads">Threads a single product may use on the host, at least 1.</param>
    /// <exception cref="ArgumentException">No backend has this name; the message lists those that exist.</exception>
    /// <exception cref="BackendUnavailableException">The device is absent; the message says why and what to install.</exception>
    public static IGemmBackend Open(string name, int threads = 1) => name switch
    {
        "host" => new HostBackend(threads, Environment.GetEnvironmentVariable(Int8Kernels.Variable)),
        "reference" => new ReferenceBackend(),
        _ when IlgpuBackend.Names.Contains(name) => new IlgpuBackend(name),
        _ => throw new ArgumentException($"no backend is called '{name}'; there are {string.Join(", ", Names)}", nameof(name)),
    };

    /// <summary>Names of the devices that have memory of their own.</summary>
    public static IReadOnlyList<string> Devices => IlgpuBackend.Names;

    /// <summary>Opens a device for products whose operands stay there.</summary>
    /// <param name="name">One of <see cref="Devices"/>.</param>
    /// <exception cref="BackendUnavailableException">The device is absent; the message says why and what to install.</exception>
    public static IDeviceProducts OpenProducts(string name) => new IlgpuBackend(name);

    /// <summary>Opens a device for transfers beside its kernels.</summary>
    /// <param name="name">One of <see cref="Devices"/>.</param>
    /// <exception cref="BackendUnavailableException">The device is absent; the message says why and what to install.</exception>
    public static IDeviceTransfers OpenTransfers(string name) => new PageLockedTransfers(name);

    /// <summary>What each backend finds on this machine.</summary>
    public static IReadOnlyList<BackendStatus> Survey() =>
    [
        SurveyHost(),
        new BackendStatus("reference", true, "plain loops, for verification"),
        .. IlgpuBackend.Names.Select(IlgpuBackend.Survey),
    ];

    private static BackendStatus SurveyHost()
    {
        try
        {
            using var host = new HostBackend(1, Environment.GetEnvironmentVariable(Int8Kernels.Variable));
            return new BackendStatus(host.Name, true, $"this CPU, INT8 products by {host.InstructionPath}");
        }
        catch (Exception e) when (e is ArgumentException or BackendUnavailableException)
        {
            return new BackendStatus(Default, false, e.Message);
        }
    }
}
