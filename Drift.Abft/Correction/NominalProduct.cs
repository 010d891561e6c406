using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// What executing a product again gives. A simulation does not multiply twice: at the nominal point the result is the accumulators without the plan's flips, and a further
/// execution at the same point has the flips of a plan of its own. The only way from a corrector to the truth, and whoever takes it is charged.
/// </summary>
public sealed class NominalProduct
{
    private GemmOutput? _output;
    private FaultPlan[] _executions = [];

    /// <summary>Takes a product. For those who execute products.</summary>
    /// <param name="output">The product, the first plan's flips applied.</param>
    /// <param name="executions">The flips of its execution, and of those after it if there are any.</param>
    public void Take(GemmOutput output, params FaultPlan[] executions) => (_output, _executions) = (output, executions);

    /// <summary>Computes a tile again at the nominal point.</summary>
    /// <param name="area">The tile.</param>
    /// <param name="corrections">Takes the elements that come out otherwise, and the bill.</param>
    public void Recompute(TileArea area, Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(corrections);
        var output = Output;
        corrections.RecomputeTile(area.ElementsOf(output.Shape.M, output.Shape.N));
        Restore(_executions[0], area.Contains, corrections);
    }

    /// <summary>Has every flip noticed as it happens, by a latch that samples twice (Razor): the elements come out right.</summary>
    /// <param name="corrections">Takes the elements, and a cycle of standstill for each.</param>
    public void ReplayAll(Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(corrections);
        corrections.Stall(_executions[0].Count);
        Restore(_executions[0], static (_, _) => true, corrections);
    }

    /// <summary>The blocks of the fault plan, as tiles of 32, in which the first execution and the second differ.</summary>
    /// <param name="differing">Called for each.</param>
    public void CompareExecutions(Action<TileArea> differing)
    {
        ArgumentNullException.ThrowIfNull(differing);
        var (m, n, _) = Output.Shape;
        for (var i = 0; i * FaultPlan.Block < m; i++)
        {
            for (var j = 0; j * FaultPlan.Block < n; j++)
            {
                if (!_executions[0].In(i, j).SequenceEqual(_executions[1].In(i, j)))
                    differing(new TileArea(i, j, FaultPlan.Block));
            }
        }
    }

    /// <summary>Takes the majority of three executions, bit by bit: a flip stays, or comes in, only where two executions have the same one.</summary>
    /// <param name="corrections">Takes the elements in which the first execution is outvoted.</param>
    public void Vote(Corrections corrections)
    {
        ArgumentNullException.ThrowIfNull(corrections);
        var (first, second, third) = (_executions[0], _executions[1], _executions[2]);
        Restore(first, (row, column) => !Shares(first, second, row, column) && !Shares(first, third, row, column), corrections);
        foreach (var flip in second.All)
        {
            if (third.In(flip.Row / FaultPlan.Block, flip.Column / FaultPlan.Block).Contains(flip) && !Shares(first, second, flip.Row, flip.Column))
                corrections.Replace(flip.Row, flip.Column, Output.Accumulators[flip.Row * Output.Stride + flip.Column] ^ flip.Mask);
        }
    }

    private GemmOutput Output => _output ?? throw new InvalidOperationException("there is no product yet");

    /// <summary>Whether two executions have the same flip in an element.</summary>
    private static bool Shares(FaultPlan one, FaultPlan other, int row, int column)
    {
        foreach (var flip in one.In(row / FaultPlan.Block, column / FaultPlan.Block))
        {
            if (flip.Row == row && flip.Column == column && other.In(row / FaultPlan.Block, column / FaultPlan.Block).Contains(flip))
                return true;
        }

        return false;
    }

    private void Restore(FaultPlan faults, Func<int, int, bool> chosen, Corrections corrections)
    {
        // Taken back as a whole, since an element may have several flips; it is then replaced as often, by the same value.
        faults.Toggle(Output);
        foreach (var flip in faults.All)
        {
            if (chosen(flip.Row, flip.Column))
                corrections.Replace(flip.Row, flip.Column, Output.Accumulators[flip.Row * Output.Stride + flip.Column]);
        }

        faults.Toggle(Output);
    }
}
