using System.ComponentModel;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>One line of the dispatch table.</summary>
/// <param name="Name">Value of <c>DRIFT_ISA</c> that forces it.</param>
/// <param name="Missing">Null when this machine can run it, else why not.</param>
public sealed record InstructionPath(string Name, string? Missing);

/// <summary>The dispatch table of the host's INT8 micro-kernels, fastest first. The first one that this machine can run is taken.</summary>
internal static class Int8Kernels
{
    /// <summary>Environment variable that forces an entry.</summary>
    public const string Variable = "DRIFT_ISA";

    /// <summary>The entry of generated code.</summary>
    public const string Generated = "avx512-vnni";

    private static readonly Entry[] Table =
    [
        new(Generated, () => GeneratedKernels.Missing(DotType.Int8), () => new Avx512VnniKernel()),
        new("avx512", () => Avx512BW.IsSupported ? null : "the CPU has no AVX-512 BW", () => new DotKernel512<MultiplyAdd512>("avx512")),
        new("avx-vnni", () => AvxVnni.IsSupported ? null : "the CPU has no AVX-VNNI", () => new DotKernel256<Vnni256>("avx-vnni")),
        new("avx2", () => Avx2.IsSupported ? null : "the CPU has no AVX2", () => new DotKernel256<MultiplyAdd256>("avx2")),
        new("portable", () => null, () => new DotKernel256<Portable256>("portable")),
    ];

    /// <summary>All entries, with what this machine lacks for each.</summary>
    public static IReadOnlyList<InstructionPath> Survey() => [.. Table.Select(e => new InstructionPath(e.Name, e.Missing()))];

    /// <summary>Opens a kernel.</summary>
    /// <param name="name">An entry's name, or null for the fastest that runs.</param>
    /// <exception cref="ArgumentException">No entry has this name.</exception>
    /// <exception cref="BackendUnavailableException">The named entry cannot run here.</exception>
    public static Int8Kernel Open(string? name) => Open(name, Table);

    /// <summary>Opens a kernel of a table.</summary>
    internal static Int8Kernel Open(string? name, IReadOnlyList<Entry> table)
    {
        if (name is not null)
        {
            var named = table.FirstOrDefault(e => e.Name == name)
                ?? throw new ArgumentException($"{Variable}: no instruction path is called '{name}'; there are {string.Join(", ", table.Select(e => e.Name))}", nameof(name));
            return named.Missing() is { } missing
                ? throw new BackendUnavailableException($"{Variable}={name}: {missing}")
                : Create(named) ?? throw new BackendUnavailableException($"{Variable}={name}: this host forbids executable memory");
        }

        return table.Where(e => e.Missing() is null).Select(Create).First(k => k is not null)!;
    }

    /// <summary>Null where the host forbids generated code, so that the dispatch goes on to the next entry.</summary>
    private static Int8Kernel? Create(Entry entry)
    {
        try
        {
            return entry.Open();
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>A line of the table.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Missing">Null where this machine can run it, else why not.</param>
    /// <param name="Open">Makes the kernel.</param>
    internal sealed record Entry(string Name, Func<string?> Missing, Func<Int8Kernel> Open);
}
