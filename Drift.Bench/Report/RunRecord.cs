using System.Reflection;
using System.Text.Json.Serialization;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A picture and what it was drawn from.</summary>
/// <param name="Seed">Seed of its noise and its faults.</param>
/// <param name="ClassNumber">Class number; absent for a prompt.</param>
/// <param name="ClassName">Class name; absent for a prompt.</param>
/// <param name="Prompt">Prompt; absent for a class.</param>
internal sealed record PictureRecord(
    ulong Seed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ClassNumber,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClassName,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Prompt = null)
{
    /// <summary>The record of a picture.</summary>
    /// <param name="sampling">What was drawn.</param>
    /// <param name="image">Picture, 0 first.</param>
    public static PictureRecord Of(SamplingOptions sampling, int image) => sampling.SubjectOf(image) is ClassSubject { Label: var label }
        ? new(sampling.SeedOf(image), label, sampling.LabelOf(image))
        : new(sampling.SeedOf(image), null, null, sampling.LabelOf(image));
}

/// <summary>run.json: enough to replay a run and to judge its times.</summary>
/// <param name="Settings">Every setting by name.</param>
/// <param name="Pictures">Seed and class of every picture.</param>
/// <param name="Files">What the run read: full paths and SHA-256 digests.</param>
/// <param name="Versions">Drift, .NET and the libraries whose code computes or draws.</param>
/// <param name="Machine">What it ran on.</param>
/// <param name="StartedUtc">When it began.</param>
internal sealed record RunRecord(IReadOnlyDictionary<string, object?> Settings, IReadOnlyList<PictureRecord> Pictures, InputFiles Files,
    IReadOnlyDictionary<string, string> Versions,
    IReadOnlyDictionary<string, object?> Machine, DateTime StartedUtc)
{
    /// <summary>The record of a run on this machine.</summary>
    /// <param name="sampling">What was drawn.</param>
    /// <param name="settings">Every setting by name.</param>
    /// <param name="startedUtc">When it began.</param>
    public static RunRecord Of(SamplingOptions sampling, IReadOnlyDictionary<string, object?> settings, DateTime startedUtc) => new(
        settings,
        [.. Enumerable.Range(0, sampling.Images).Select(i => PictureRecord.Of(sampling, i))],
        InputFiles.Of(sampling.Model, settings),
        new Dictionary<string, string>
        {
            ["drift"] = VersionOf(typeof(RunRecord).Assembly),
            ["dotnet"] = Environment.Version.ToString(),
            ["mathNet"] = VersionOf(typeof(MathNet.Numerics.Constants).Assembly),
            ["csvHelper"] = VersionOf(typeof(CsvHelper.CsvWriter).Assembly),
            // Used by the projects beneath, so known here by name alone.
            ["skiaSharp"] = VersionOf(Assembly.Load("SkiaSharp")),
            ["tokenizers"] = VersionOf(Assembly.Load("Microsoft.ML.Tokenizers")),
            ["ilgpu"] = VersionOf(Assembly.Load("ILGPU")),
            ["iced"] = VersionOf(Assembly.Load("Iced")),
        },
        new Dictionary<string, object?>(MachineRecord.Survey()) { ["int8InstructionPath"] = sampling.Backend == Backends.Default ? InstructionPath() : null },
        startedUtc);

    private static string InstructionPath()
    {
        using var host = new HostBackend(1, Environment.GetEnvironmentVariable(InstructionSet.Variable));
        return host.InstructionPath;
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown";
}
