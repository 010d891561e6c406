using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// One worker's side of the queries: a register tile's rows stand one behind the other in the first-level cache while they are multiplied. With checks, what these need of a row is taken as
/// it is copied: the sum of a block's queries, and the row's products with the sums of keys.
/// </summary>
internal sealed unsafe class AttentionQueries
{
    // Vectors of a row that are worked on together: heads of 72 have five.
    private const int Vectors = 5, Lanes = VectorMath.Lanes;

    private readonly AttentionCall _call;
    private readonly int _depth, _width;
    private readonly Tensor _rows, _sum;

    /// <summary>Rents memory.</summary>
    /// <param name="call">The call.</param>
    /// <param name="workspace">Lends it until its scope ends.</param>
    public AttentionQueries(AttentionCall call, Workspace workspace)
    {
        (_call, _depth, _width) = (call, call.Depth, call.Queries.Columns);
        Stride = Softmax.Padded(_depth);
        (_rows, _sum) = (workspace.Rent(MicroTile.MostRows, Stride), workspace.Rent(_depth));
    }

    /// <summary>Values between rows of a tile.</summary>
    public int Stride { get; }

    /// <summary>The rows of the tile that was copied last.</summary>
    public Span<float> Rows => _rows.Span;

    /// <summary>The sum of the block's queries that were counted so far.</summary>
    public Span<float> Sum => _sum.Span;

    /// <summary>Before a block's first tile.</summary>
    public void Begin() => _sum.Span.Clear();

    /// <summary>Copies a tile's rows as they are multiplied.</summary>
    /// <param name="queries">The first of them.</param>
    /// <param name="count">How many, at most <see cref="MicroTile.MostRows"/>.</param>
    public void Copy(float* queries, int count)
    {
        fixed (float* rows = _rows.Span)
        {
            if (_depth < Lanes || _call.Bfloat16)
                Narrow(queries, count, rows);
            for (var at = 0; at < _depth && _depth >= Lanes && !_call.Bfloat16; at += Vectors * Lanes)
                Copy(queries, count, new Strip(at, _depth), rows);
        }
    }

    /// <summary>The same, and counts them in the sum and multiplies them by another line.</summary>
    /// <param name="queries">The first of them.</param>
    /// <param name="count">How many, at most <see cref="MicroTile.MostRows"/>.</param>
    /// <param name="factors">The other line.</param>
    /// <param name="dots">Takes a product a row.</param>
    /// <param name="dotStride">Values between those.</param>
    [SkipLocalsInit]
    public void Copy(float* queries, int count, float* factors, float* dots, nint dotStride)
    {
        fixed (float* rows = _rows.Span, sum = _sum.Span)
        {
            if (_depth < Lanes || _call.Bfloat16)
            {
                Narrow(queries, count, rows);
                FloatLines.Sum(rows, Stride, count, _depth, sum, true);
                FloatLines.Dots(rows, Stride, count, _depth, factors, dots, dotStride);
                return;
            }

            float* lanes = stackalloc float[MicroTile.MostRows * Lanes];
            for (var at = 0; at < _depth; at += Vectors * Lanes)
                Copy(queries, count, new Strip(at, _depth), rows, sum, factors, lanes);
            RowLanes.Fold(lanes, count, dots, dotStride);
        }
    }

    /// <summary>Rows that are shorter than a vector, or rounded.</summary>
    private void Narrow(float* queries, int count, float* rows)
    {
        for (var i = 0; i < count; i++, queries += _width, rows += Stride)
        {
            var row = new Span<float>(rows, _depth);
            new ReadOnlySpan<float>(queries, _depth).CopyTo(row);
            if (_call.Bfloat16)
                Rounding.ToBfloat16(row);
        }
    }

    private void Copy(float* line, int count, Strip at, float* rows)
    {
        for (var ahead = (nint)count * _width; count > 0; count--, line += _width, rows += Stride)
        {
            Fetch(line + ahead, at);
            Vector512.Load(line + at.P).Store(rows + at.P);
            Vector512.Load(line + at.Q).Store(rows + at.Q);
            Vector512.Load(line + at.R).Store(rows + at.R);
            Vector512.Load(line + at.S).Store(rows + at.S);
            Vector512.Load(line + at.T).Store(rows + at.T);
        }
    }

    private void Copy(float* line, int count, Strip at, float* rows, float* sum, float* factors, float* lanes)
    {
        var (a, b, c, d, e) = (Vector512.Load(sum + at.P), Vector512.Load(sum + at.Q), Vector512.Load(sum + at.R), Vector512.Load(sum + at.S), Vector512.Load(sum + at.T));
        var (f, g, h) = (at.New(Vector512.Load(factors + at.P), 0), at.New(Vector512.Load(factors + at.Q), 1), at.New(Vector512.Load(factors + at.R), 2));
        var (j, k) = (at.New(Vector512.Load(factors + at.S), 3), at.New(Vector512.Load(factors + at.T), 4));
        for (var ahead = (nint)count * _width; count > 0; count--, line += _width, rows += Stride, lanes += Lanes)
        {
            Fetch(line + ahead, at);
            var (v, w, x, y, z) = (Vector512.Load(line + at.P), Vector512.Load(line + at.Q), Vector512.Load(line + at.R), Vector512.Load(line + at.S), Vector512.Load(line + at.T));
            v.Store(rows + at.P);
            w.Store(rows + at.Q);
            x.Store(rows + at.R);
            y.Store(rows + at.S);
            z.Store(rows + at.T);
            a += v;
            b += w;
            c += x;
            d += y;
            e += z;
            var dot = at.First == 0 ? v * f : Vector512.FusedMultiplyAdd(v, f, Vector512.Load(lanes));
            dot = Vector512.FusedMultiplyAdd(w, g, dot);
            dot = Vector512.FusedMultiplyAdd(x, h, dot);
            dot = Vector512.FusedMultiplyAdd(y, j, dot);
            Vector512.FusedMultiplyAdd(z, k, dot).Store(lanes);
        }

        a.Store(sum + at.P);
        b.Store(sum + at.Q);
        c.Store(sum + at.R);
        d.Store(sum + at.S);
        e.Store(sum + at.T);
    }

    /// <summary>Asks for a row of the next tile, whether it exists or not: a head's rows are pieces of longer ones, which the processor does not foresee.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* line, in Strip at)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(line + at.P);
        Sse.Prefetch0(line + at.Q);
        Sse.Prefetch0(line + at.R);
        Sse.Prefetch0(line + at.S);
        Sse.Prefetch0(line + at.T);
        Sse.Prefetch0(line + at.T + Lanes - 1);
    }

    /// <summary>Where five vectors of a row stand. The last ones end with the row: what one shares with another is copied and summed alike, and multiplied once.</summary>
    private readonly struct Strip(int first, int length)
    {
        public readonly int First = first;
        public readonly int P = Math.Min(first, length - Lanes), Q = Math.Min(first + Lanes, length - Lanes), R = Math.Min(first + 2 * Lanes, length - Lanes);
        public readonly int S = Math.Min(first + 3 * Lanes, length - Lanes), T = Math.Min(first + 4 * Lanes, length - Lanes);

        /// <summary>A vector's factors, with zeros for what stood in the one before it.</summary>
        public Vector512<float> New(Vector512<float> factors, int vector)
        {
            var place = First + vector * Lanes;
            return factors & Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(Math.Max(0, place - (length - Lanes)))).AsSingle();
        }
    }
}
