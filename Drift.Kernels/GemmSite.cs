namespace Drift.Kernels;

/// <summary>One layer of a network: the key of its weights, of its checkpoints and, with a step, of its faults.</summary>
/// <param name="Block">Zero-based block; layers outside the blocks use block 0 and a role of their own. 0..65535.</param>
/// <param name="Role">What the layer does in its block.</param>
/// <param name="Index">Tells layers of one block and role apart. 0..65535.</param>
public readonly record struct LayerKey(int Block, GemmRole Role, int Index = 0)
{
    /// <summary>The site of this layer at a timestep.</summary>
    /// <param name="step">Zero-based index of the timestep in sampling order (not the timestep's value). 0..65535.</param>
    public GemmSite At(int step) => new(step, Block, Role, Index);

    /// <inheritdoc/>
    public override string ToString() => $"block {Block} {Role} {Index}";
}

/// <summary>One execution of one layer: timesteps x blocks x GEMMs.</summary>
/// <param name="Step">Zero-based index of the timestep in sampling order. 0..65535.</param>
/// <param name="Block">Zero-based block. 0..65535.</param>
/// <param name="Role">What the layer does in its block.</param>
/// <param name="Index">Tells layers of one block and role apart. 0..65535.</param>
public readonly record struct GemmSite(int Step, int Block, GemmRole Role, int Index = 0)
{
    /// <summary>The layer, without the step.</summary>
    public LayerKey Layer => new(Block, Role, Index);

    /// <inheritdoc/>
    public override string ToString() => $"step {Step} {Layer}";
}
