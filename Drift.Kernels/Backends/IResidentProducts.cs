namespace Drift.Kernels;

/// <summary>A guarded product of activations that are on a device already.</summary>
/// <param name="Weights">W, prepared by the device's backend.</param>
/// <param name="Scales">w scale of each output channel; the same array in every product of these weights.</param>
/// <param name="Bias">A value an output channel, or empty; the same array in every product of these weights.</param>
/// <param name="Faults">Flips; may be drawn anew once the call returns.</param>
/// <param name="Output">Takes the values [rows, N] from <paramref name="FirstRow"/> on.</param>
/// <param name="FirstRow">First row of the output.</param>
public readonly record struct ResidentProduct(GemmWeights Weights, float[] Scales, float[] Bias, FaultPlan Faults, Tensor Output, int FirstRow)
{
    /// <summary>Largest magnitude of a value before the bias.</summary>
    public float Limit { get; init; }

    /// <summary>Whether outputs become values of INT8 codes under the clean output's scale.</summary>
    public bool Saturates { get; init; }

    /// <summary>Smallest deviation that flags a line, at least 1; of weights whose tile is not 0.</summary>
    public int Threshold { get; init; }

    /// <summary>Whether elements whose row and column are both flagged are replaced.</summary>
    public bool Mends { get; init; }

    /// <summary>Number of the checkpoint that they are replaced from, which a product of this shape has saved; null for 0.</summary>
    public int? From { get; init; }

    /// <summary>Number under which the outputs are kept, after mending; null for nowhere.</summary>
    public int? Save { get; init; }
}

/// <summary>What a product's checks showed.</summary>
/// <param name="FlaggedRows">Flagged row segments.</param>
/// <param name="FlaggedColumns">Flagged column segments.</param>
/// <param name="Masked">Elements whose row and column are both flagged in their tile.</param>
/// <param name="Fetched">Elements of the row segments that a burst of memory brings along with those.</param>
/// <param name="Deviations">For each flip, in the plan's order, by how much its row segment deviates, then its column segment.</param>
public sealed record ResidentReport(int FlaggedRows, int FlaggedColumns, int Masked, int Fetched, int[] Deviations);

/// <summary>
/// Guarded products whose operands, results and checkpoints stay on a device: quantised, multiplied, flipped, summed, judged and mended there. What the checks showed is fetched together, when it is asked
/// for. Serves one thread.
/// </summary>
public interface IResidentProducts : IDisposable
{
    /// <summary>Quantises rows for the products to come, as <see cref="CodeRounder"/> has it.</summary>
    /// <param name="input">[.., K].</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="groups">Groups of rows that have a scale each, a divisor of the rows.</param>
    void Quantise(Tensor input, int firstRow, int rows, int groups);

    /// <summary>Quantises a convolution's windows for the products to come. Where they share a scale it is the input's; else each window has its own.</summary>
    /// <param name="input">[batch, height, width, channels].</param>
    /// <param name="firstImage">First image.</param>
    /// <param name="shape">The convolution of the images, of one group, with channels last.</param>
    /// <param name="groups">1 for one scale, or as many as there are windows.</param>
    /// <exception cref="ArgumentException">The images are not in the input, or the groups are neither.</exception>
    void QuantiseWindows(Tensor input, int firstImage, ConvolutionShape shape, int groups);

    /// <summary>Multiplies the rows last quantised.</summary>
    /// <param name="product">By what, and what is done with the results.</param>
    /// <exception cref="ArgumentException">The weights were prepared elsewhere, or a flip lies outside the product.</exception>
    void Multiply(in ResidentProduct product);

    /// <summary>Waits for the device, and gives a report for each product with line sums since the last call, in their order.</summary>
    IReadOnlyList<ResidentReport> Settle();
}
