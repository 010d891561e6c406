namespace Drift.Kernels;

/// <summary>A part of a run: some consecutive steps, some blocks, some roles.</summary>
/// <param name="FirstStep">Its first step, 0 first.</param>
/// <param name="LastStep">Its last step, at least the first.</param>
/// <param name="Blocks">Its blocks; null for all.</param>
/// <param name="Roles">Its roles; null for all.</param>
public sealed record SiteRange(int FirstStep, int LastStep, IReadOnlySet<int>? Blocks = null, IReadOnlySet<GemmRole>? Roles = null)
{
    /// <summary>Whether a product lies in it.</summary>
    /// <param name="site">Where the product stands.</param>
    public bool Contains(GemmSite site) =>
        site.Step >= FirstStep && site.Step <= LastStep && Blocks?.Contains(site.Block) != false && Roles?.Contains(site.Role) != false;
}
