using Drift.Dvfs;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests.Dvfs.Cycles;

/// <summary>The closed form of overlapped folds against an array that is filled place by place: the earliest start of each fold at which nothing is used twice in a cycle.</summary>
internal sealed class OverlappedFoldsTests
{
    [TestCase(3, 4, 10, 9, 7)]
    [TestCase(4, 3, 9, 10, 2)]
    [TestCase(4, 4, 16, 4, 1)]
    [TestCase(2, 5, 3, 11, 8)]
    [TestCase(5, 2, 5, 2, 40)]
    public void TheEarliestConflictFreeSchedule(int rows, int columns, int m, int n, int k)
    {
        var array = new SystolicArray(rows, columns);
        foreach (var dataflow in Enum.GetValues<Dataflow>())
        {
            var shape = new GemmShape(m, n, k);
            Assert.That(array.Cycles(shape, dataflow, FoldOrder.Overlapped), Is.EqualTo(Earliest(array, shape, dataflow)), $"{dataflow}");
        }
    }

    [Test]
    public void OneFoldOverlapsNothing()
    {
        var (array, shape) = (new SystolicArray(8, 8), new GemmShape(8, 8, 8));
        foreach (var dataflow in Enum.GetValues<Dataflow>())
            Assert.That(array.Cycles(shape, dataflow, FoldOrder.Overlapped), Is.EqualTo(array.Cycles(shape, dataflow)));
    }

    /// <summary>Marks what each fold uses: each processing element's multiplier, each column's way in (a stationary operand) or out (outputs).</summary>
    private static long Earliest(SystolicArray array, GemmShape shape, Dataflow dataflow)
    {
        var outputs = dataflow == Dataflow.OutputStationary;
        var streamed = dataflow switch { Dataflow.OutputStationary => shape.K, Dataflow.WeightStationary => shape.M, _ => shape.N };
        var used = new HashSet<(string What, int Row, int Column, long Cycle)>();
        long start = 0;
        for (var fold = 0L; fold < array.FoldCount(shape, dataflow); fold++)
        {
            var uses = Uses().ToList();
            while (uses.Any(use => used.Contains(use with { Cycle = use.Cycle + start })))
                start++;
            used.UnionWith(uses.Select(use => use with { Cycle = use.Cycle + start }));
        }

        return start + array.FoldCycles(shape, dataflow);

        IEnumerable<(string What, int Row, int Column, long Cycle)> Uses()
        {
            for (var column = 0; column < array.Columns; column++)
            {
                for (var row = 0; row < array.Rows; row++)
                {
                    for (var step = 0; step < streamed; step++)
                        yield return ("multiplier", row, column, (outputs ? 0 : array.Rows) + row + column + step);
                    // Outputs leave through the foot of their column, a stationary operand enters through its head: R cycles either way.
                    yield return ("column", 0, column, (outputs ? streamed - 1 : 0) + column + row);
                }
            }
        }
    }
}
