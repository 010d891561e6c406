using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A family of fp32 operands that rounding bounds are tried on. Values come from a pool that is drawn once; a seed says where in it an operand begins.</summary>
/// <param name="Name">As tables have it.</param>
/// <param name="Value">One value from two independent uniform ones in (0, 1).</param>
/// <param name="Cancels">Whether the second half of K takes back what the first half sums up: partial sums far beyond the result.</param>
internal sealed record OperandFamily(string Name, Func<double, double, double> Value, bool Cancels = false)
{
    private const int PoolSize = 1 << 20;
    private readonly Lazy<float[]> _pool = new(() => Draw(Value));

    /// <summary>Smallest normal number's exponent is -126: these products and sums are subnormal.</summary>
    private static readonly double Tiny = Math.ScaleB(1, -72);

    /// <summary>N(0, 1).</summary>
    public static OperandFamily Normal { get; } = new("normal", Gauss);

    /// <summary>The families that there are.</summary>
    public static IReadOnlyList<OperandFamily> All { get; } =
    [
        Normal,
        new("uniform", (u, _) => u),
        // Student's t with two degrees of freedom has no variance: single terms rule their sums.
        new("heavy-tailed", (u, _) => (2 * u - 1) / Math.Sqrt(2 * u * (1 - u))),
        new("sign-cancelling", (u, _) => u, Cancels: true),
        new("denormal", (u, v) => Gauss(u, v) * Tiny),
    ];

    /// <summary>Fills an operand's rows.</summary>
    /// <param name="random">A random word, which chooses the place in the pool.</param>
    /// <param name="values">[lines, K].</param>
    /// <param name="depth">K.</param>
    /// <param name="isFirst">Whether this is A. Of two operands that cancel only A changes its sign.</param>
    public void Fill(uint random, Span<float> values, int depth, bool isFirst)
    {
        var pool = _pool.Value;
        var place = (int)(random & (PoolSize - 1));
        for (var done = 0; done < values.Length;)
        {
            var count = Math.Min(values.Length - done, PoolSize - place);
            pool.AsSpan(place, count).CopyTo(values[done..]);
            (done, place) = (done + count, 0);
        }

        if (!Cancels || !isFirst)
            return;
        for (var line = 0; line < values.Length; line += depth)
        {
            for (var k = depth / 2; k < depth; k++)
                values[line + k] = -values[line + k];
        }
    }

    private static double Gauss(double u, double v) => Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);

    private static float[] Draw(Func<double, double, double> value)
    {
        var pool = new float[PoolSize];
        for (var i = 0; i < pool.Length; i++)
        {
            var (a, b, _, _) = Philox.Words((uint)i, 0, 0, 0, 0);
            pool[i] = (float)value((a + .5) / 4294967296.0, (b + .5) / 4294967296.0);
        }

        return pool;
    }
}
