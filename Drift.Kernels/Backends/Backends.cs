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

    /// <summary>All names that <see cref="Open"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["host", "reference"];

    /// <summary>Opens a backend.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="threads">Threads a single product may use on the host, at least 1.</param>
    /// <exception cref="ArgumentException">No backend has this name; the message lists those that exist.</exception>
    /// <exception cref="BackendUnavailableException">The device is absent; the message says why and what to install.</exception>
    public static IGemmBackend Open(string name, int threads = 1) => name switch
    {
        "host" => new HostBackend(threads, Environment.GetEnvironmentVariable(Int8Kernels.Variable)),
        "reference" => new ReferenceBackend(),
        _ => throw new ArgumentException($"no backend is called '{name}'; there are {string.Join(", ", Names)}", nameof(name)),
    };

    /// <summary>What each backend finds on this machine.</summary>
    public static IReadOnlyList<BackendStatus> Survey() =>
    [
        new BackendStatus("host", true, "SIMD on this CPU"),
        new BackendStatus("reference", true, "plain loops, for verification"),
    ];
}
