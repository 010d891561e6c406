namespace Drift.Abft;

/// <summary>What mending one product took.</summary>
/// <param name="Elements">Elements replaced.</param>
/// <param name="RestoredBytes">Bytes read back from checkpoints, in bursts as memory gives them.</param>
public readonly record struct Repair(int Elements, long RestoredBytes)
{
    /// <summary>Two repairs together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static Repair operator +(Repair a, Repair b) => new(a.Elements + b.Elements, a.RestoredBytes + b.RestoredBytes);
}

/// <summary>Mends what a verdict condemns. Immutable: one recovery serves all threads.</summary>
public interface IRecovery
{
    /// <summary>How many of a layer's checkpoints it looks back to.</summary>
    int Checkpoints => 1;

    /// <summary>Whether it wants the checkpoints of products that nothing flags too. Where not, they are not read there.</summary>
    bool ReadsAlways => false;

    /// <summary>Lets memory begin to fetch what <see cref="Mend"/> will read, while the caller still has other work. Changes nothing.</summary>
    /// <param name="finding">The verdict on the product.</param>
    /// <param name="checkpoint">The layer's newest earlier outputs, or null where there are none.</param>
    void Prepare(Finding finding, Checkpoint? checkpoint);

    /// <summary>Mends one product in place.</summary>
    /// <param name="finding">The verdict on the product.</param>
    /// <param name="checkpoint">The layer's newest earlier outputs, or null where there are none.</param>
    /// <param name="output">The layer's outputs, after requantisation if any.</param>
    /// <exception cref="ArgumentException">Verdict, checkpoint and output differ in shape.</exception>
    Repair Mend(Finding finding, Checkpoint? checkpoint, LayerOutput output);
}
