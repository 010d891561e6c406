namespace Drift.Kernels;

/// <summary>A part of a run: some steps, some blocks, some roles.</summary>
/// <param name="Steps">Its steps, 0 first; null for all.</param>
/// <param name="Blocks">Its blocks; null for all.</param>
/// <param name="Roles">Its roles; null for all.</param>
public sealed record SiteRange(IReadOnlySet<int>? Steps = null, IReadOnlySet<int>? Blocks = null, IReadOnlySet<GemmRole>? Roles = null)
{
    /// <summary>Whether a product lies in it.</summary>
    /// <param name="site">Where the product stands.</param>
    public bool Contains(GemmSite site) => Steps?.Contains(site.Step) != false && Blocks?.Contains(site.Block) != false && Roles?.Contains(site.Role) != false;
}
