using System.Buffers;
using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>What <c>drift checksum bounds</c> tries.</summary>
/// <param name="Products">Clean products, shared out among the families.</param>
/// <param name="Trials">Products whose bits are flipped one at a time.</param>
/// <param name="Seed">Seed of everything.</param>
/// <param name="Threads">Host threads; the counts do not depend on it.</param>
internal sealed record BoundOptions(int Products, int Trials, ulong Seed, int Threads);

/// <summary>Rounding bounds on fp32 products: false alarms, tightness, and detection by flipped bit.</summary>
internal sealed class BoundCampaign(BoundOptions options, CancellationToken cancellation)
{
    private const int Edge = 64, Tile = 32, TightProducts = 200, FlipDepth = 1024, Bits = 32;
    private static readonly int[] Depths = [32, 128, 512, 2048];
    private static readonly (int Depth, double Quoted)[] Paper = [(128, 20.9), (1024, 38.3), (2048, 44.7)];
    private static readonly IReadOnlyList<IRoundingBound> Bounds = [.. RoundingBounds.Names.Select(RoundingBounds.Open)];

    /// <summary>Runs all three.</summary>
    public BoundReport Run() => new(Clean(), [.. Paper.SelectMany(Tight)], Flipped());

    private List<CleanRow> Clean()
    {
        var families = OperandFamily.All;
        var tallies = Share(options.Products, () => new CleanTally[families.Count, Bounds.Count], (product, i, tally) =>
        {
            var (family, depth) = (i % families.Count, Depths[i / families.Count % Depths.Length]);
            // Every other product is ragged.
            var (m, n) = (i / (families.Count * Depths.Length) & 1) == 0 ? (Edge, Edge) : (Edge - 3, Edge + 7);
            Multiply(product, families[family], (uint)i, m, n, depth);
            for (var b = 0; b < Bounds.Count; b++)
            {
                ref var own = ref tally[family, b];
                own.Products++;
                foreach (var (deviation, threshold) in Lines(product, Bounds[b]))
                {
                    own.Lines++;
                    own.FalseAlarms += deviation <= threshold ? 0 : 1;
                    own.Closest = Math.Max(own.Closest, deviation == 0 ? 0 : deviation / threshold);
                }
            }
        });
        return [.. from f in Enumerable.Range(0, families.Count)
                   from b in Enumerable.Range(0, Bounds.Count)
                   let all = tallies.Select(tally => tally[f, b]).ToList()
                   select new CleanRow(families[f].Name, RoundingBounds.Names[b], all.Sum(t => t.Products), all.Sum(t => t.Lines), all.Sum(t => t.FalseAlarms), all.Max(t => t.Closest))];
    }

    private IEnumerable<TightnessRow> Tight((int Depth, double Quoted) point)
    {
        var product = new CheckedFloatProduct();
        var (deviations, largest, thresholds) = (0.0, new double[Bounds.Count], new double[Bounds.Count]);
        for (var i = 0; i < TightProducts; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Multiply(product, OperandFamily.Normal, (uint)i, Edge, Edge, point.Depth);
            deviations += Lines(product, Bounds[0]).Average(line => line.Deviation);
            for (var b = 0; b < Bounds.Count; b++)
            {
                var lines = Lines(product, Bounds[b]).ToList();
                thresholds[b] += lines.Average(line => line.Threshold);
                largest[b] += lines.Average(line => line.Threshold) / lines.Max(line => line.Deviation) / TightProducts;
            }
        }

        return Bounds.Select((_, b) => new TightnessRow(point.Depth, RoundingBounds.Names[b], thresholds[b] / deviations, largest[b], RoundingBounds.Names[b] == RoundingBounds.Default ? point.Quoted : null));
    }

    private List<BitRow> Flipped()
    {
        var tallies = Share(options.Trials, () => new (long Seen, long Located)[Bits, Bounds.Count], (product, i, tally) =>
        {
            var finding = new Finding();
            Multiply(product, OperandFamily.Normal, (uint)i, Edge, Edge, FlipDepth);
            for (var bit = 0; bit < Bits; bit++)
            {
                var place = (int)(Philox.Words((uint)i, (uint)bit, 2, 0, options.Seed).R0 % (Edge * Edge));
                ref var output = ref product.Outputs[place];
                var clean = output;
                output = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(output) ^ 1 << bit);
                product.Observe();
                for (var b = 0; b < Bounds.Count; b++)
                {
                    product.Judge(Bounds[b], finding);
                    tally[bit, b].Seen += finding.IsClean ? 0 : 1;
                    tally[bit, b].Located += finding.Masks(place / Edge, place % Edge) ? 1 : 0;
                }

                output = clean;
            }
        });
        return [.. from bit in Enumerable.Range(0, Bits)
                   from b in Enumerable.Range(0, Bounds.Count)
                   select new BitRow(bit, RoundingBounds.Names[b], options.Trials, tallies.Sum(t => t[bit, b].Seen), tallies.Sum(t => t[bit, b].Located))];
    }

    /// <summary>Numbers 0, 1, ... to the threads, each with a product and a tally of its own.</summary>
    private List<T> Share<T>(int count, Func<T> open, Action<CheckedFloatProduct, int, T> work)
    {
        List<T> tallies = [];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation }, () => (Product: new CheckedFloatProduct(), Tally: open()),
            (i, _, own) =>
            {
                work(own.Product, i, own.Tally);
                return own;
            },
            own =>
            {
                lock (tallies)
                    tallies.Add(own.Tally);
            });
        return tallies;
    }

    private void Multiply(CheckedFloatProduct product, OperandFamily family, uint number, int m, int n, int depth)
    {
        var (forA, forW, _, _) = Philox.Words(number, (uint)depth, 1, 0, options.Seed);
        // Large arrays that live for one product would be the garbage collector's work.
        var (a, w) = (ArrayPool<float>.Shared.Rent(m * depth), ArrayPool<float>.Shared.Rent(n * depth));
        family.Fill(forA, a.AsSpan(0, m * depth), depth, isFirst: true);
        family.Fill(forW, w.AsSpan(0, n * depth), depth, isFirst: false);
        product.Prepare(w.AsSpan(0, n * depth), n, depth, Tile);
        product.Multiply(a.AsSpan(0, m * depth), m);
        ArrayPool<float>.Shared.Return(a);
        ArrayPool<float>.Shared.Return(w);
    }

    private static IEnumerable<(double Deviation, double Threshold)> Lines(CheckedFloatProduct product, IRoundingBound bound)
    {
        var (m, n, _) = product.Shape;
        for (var t = 0; t * Tile < n; t++)
        {
            for (var i = 0; i < m; i++)
                yield return (Math.Abs(product.RowDeviation(i, t)), product.RowThreshold(bound, i, t));
        }

        for (var t = 0; t * Tile < m; t++)
        {
            for (var j = 0; j < n; j++)
                yield return (Math.Abs(product.ColumnDeviation(t, j)), product.ColumnThreshold(bound, t, j));
        }
    }

    private struct CleanTally
    {
        public long Products, Lines, FalseAlarms;
        public double Closest;
    }
}
