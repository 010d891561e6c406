using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// What executing a product again gives. A simulation does not multiply twice: at the nominal point the result is the accumulators without the plan's flips, and a
/// second execution at the same point has the flips of a plan of its own. Whoever asks is charged (<see cref="Corrections.Recompute"/>, <see cref="ICorrector.FurtherProducts"/>).
/// </summary>
public sealed class NominalProduct
{
    private GemmOutput? _output;
    private FaultPlan _faults;
    private Func<int, FaultPlan>? _again;

    /// <summary>Takes a product. For those who execute products.</summary>
    /// <param name="output">The product, flips applied.</param>
    /// <param name="faults">Its flips.</param>
    /// <param name="again">Draws the flips of execution 1, 2, ... of the same product; null where nothing executes twice.</param>
    public void Take(GemmOutput output, FaultPlan faults, Func<int, FaultPlan>? again = null) => (_output, _faults, _again) = (output, faults, again);

    /// <summary>The flips of a further execution at the same point.</summary>
    /// <param name="execution">1 for the second execution, and so on.</param>
    public FaultPlan Again(int execution) => (_again ?? throw new InvalidOperationException("nobody drew the faults of a second execution"))(execution);

    /// <summary>
    /// Replaces what differs between the accumulators and the product at the nominal point, of all elements that a choice takes. Elements without a flip do not differ.
    /// </summary>
    /// <param name="chosen">Whether an element is computed again, by row and column.</param>
    /// <param name="corrections">Takes the values.</param>
    public void Restore(Func<int, int, bool> chosen, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(chosen);
        ArgumentNullException.ThrowIfNull(corrections);
        var output = _output ?? throw new InvalidOperationException("there is no product yet");
        // Taken back as a whole, since an element may have several flips; it is then replaced as often, by the same value.
        _faults.Toggle(output);
        foreach (var flip in _faults.All)
        {
            if (chosen(flip.Row, flip.Column))
                corrections.Replace(flip.Row, flip.Column, output.Accumulators[flip.Row * output.Stride + flip.Column]);
        }

        _faults.Toggle(output);
    }
}
