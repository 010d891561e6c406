using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What cases run on.</summary>
/// <param name="Backend">Computes INT8 products.</param>
/// <param name="Cancellation">Stops the run.</param>
internal sealed record VerificationSetting(IGemmBackend Backend, CancellationToken Cancellation);

/// <summary>Inputs and expected outputs that somebody else computed.</summary>
/// <param name="name">What it is called in the report.</param>
/// <param name="files">Full paths of the files that make it up; naming one of them selects the case.</param>
internal abstract class VerificationCase(string name, params IReadOnlyList<string> files)
{
    /// <summary>What it is called in the report.</summary>
    public string Name => name;

    /// <summary>Full paths of the files that make it up.</summary>
    public IReadOnlyList<string> Files => files;

    /// <summary>Why Drift cannot run it yet, or null.</summary>
    public virtual string? Unsupported => null;

    /// <summary>Runs ours on the inputs.</summary>
    /// <param name="setting">What to run on.</param>
    public abstract IEnumerable<OutputCheck> Run(VerificationSetting setting);
}

/// <summary>A case of a form that is known and a kind that Drift cannot run yet.</summary>
internal sealed class UnsupportedCase(string name, string reason, params IReadOnlyList<string> files) : VerificationCase(name, files)
{
    /// <inheritdoc/>
    public override string Unsupported => reason;

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting) => [];
}

/// <summary>A list of cases that cannot be read: it fails, and the others still run.</summary>
internal sealed class DamagedCase(string name, CaseFileException damage) : VerificationCase(name, damage.File)
{
    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting) => throw damage;
}

/// <summary>A kind of case: knows its cases by their files, wherever they lie.</summary>
internal interface ICaseKind
{
    /// <summary>The cases that lie directly in a folder.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="label">What the folder is called in the report.</param>
    IEnumerable<VerificationCase> In(string folder, string label);
}
