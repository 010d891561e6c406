namespace Drift.Abft;

/// <summary>
/// Finds out which accumulators of a product are wrong and what they should be, before they leave the array; what it knows to be wrong and cannot mend, it flags, for a
/// recovery to mend. Keeps scratch memory: one a worker.
/// </summary>
public interface ICorrector
{
    /// <summary>Further executions of every product at its own point (DMR 1, TMR 2).</summary>
    int FurtherProducts => 0;

    /// <summary>Energy that watching a product costs, over that of the product.</summary>
    double ExecutionOverhead => 0;

    /// <summary>Whether it asks for the norms of the operands' rows.</summary>
    bool NeedsNorms => false;

    /// <summary>Examines one product.</summary>
    /// <param name="product">What is known of it. Its accumulators are left as they are.</param>
    /// <param name="finding">Takes the elements that need a recovery: flagged rows times flagged columns of a tile; what it held before is forgotten.</param>
    /// <param name="corrections">Takes the accumulators to replace, cleared before.</param>
    void Correct(in SuspectProduct product, Finding finding, Corrections corrections);
}
