namespace Drift.Kernels;

/// <summary>One product with flips and line sums, against the reference: what a device has to pass before its fast kernels are trusted.</summary>
internal static class BackendTrial
{
    private const int M = 300, N = 140, K = 200, Tile = 32, Seed = 1;

    /// <summary>Whether a backend gives the reference's bits.</summary>
    /// <param name="backend">The backend.</param>
    public static bool Passes(IGemmBackend backend)
    {
        var random = new Random(Seed);
        sbyte[] a = new sbyte[M * K], w = new sbyte[N * K];
        foreach (var operand in (ReadOnlySpan<sbyte[]>)[a, w])
        {
            for (var i = 0; i < operand.Length; i++)
                operand[i] = (sbyte)random.Next(sbyte.MinValue, sbyte.MaxValue + 1);
        }

        var plan = FaultPlan.Of(M, N, [new(0, 0, 30), new(31, 33, 3), new(264, 7, 12), new(M - 1, N - 1, 31)]);
        using var reference = new ReferenceBackend();
        using GemmOutput expected = new(), found = new();
        Multiply(reference, a, w, plan, expected);
        Multiply(backend, a, w, plan, found);
        for (var i = 0; i < M; i++)
        {
            if (!found.Row(i).SequenceEqual(expected.Row(i)))
                return false;
        }

        return Same(found.Expected, expected.Expected) && Same(found.Observed, expected.Observed);
    }

    private static void Multiply(IGemmBackend backend, sbyte[] a, sbyte[] w, FaultPlan plan, GemmOutput output)
    {
        using var weights = backend.Prepare(w, N, K, Tile);
        backend.Multiply(new GemmCall(a, M, K, weights), plan, output);
    }

    private static bool Same(LineSums a, LineSums b) => a.Rows.SequenceEqual(b.Rows) && a.Columns.SequenceEqual(b.Columns);
}
