using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Every generated function against plain loops, with every operand at the end of its page.</summary>
public sealed unsafe class MicroKernelTests
{
    private const int Groups = 5, Lanes = MicroTile.Lanes;

    private static IEnumerable<TestCaseData> Tiles() =>
        from type in Enum.GetValues<DotType>() from tile in MicroTile.Of(type) select new TestCaseData(tile).SetArgDisplayNames($"{type} {tile.Rows} x {tile.Vectors}{(tile.Sums ? " sums" : "")}");

    [Test]
    public void Every_tile_of_a_type_has_a_place_of_its_own() =>
        Assert.That(MicroTile.Of(DotType.Float).Select(tile => tile.Index), Is.EquivalentTo(Enumerable.Range(0, 2 * MicroTile.MostRows * MicroTile.MostVectors)));

    [TestCaseSource(nameof(Tiles))]
    public void A_generated_tile_is_the_definition(object boxed)
    {
        var tile = (MicroTile)boxed;
        if (GeneratedKernels.Missing(tile.Type) is { } missing)
            Assert.Ignore(missing);
        using var kernels = new GeneratedKernels(tile.Type);
        foreach (var missingColumns in (int[])[0, 5])
        {
            foreach (var begin in (bool[])[false, true])
                new Scene(tile, tile.Vectors * Lanes - missingColumns, begin).Check(kernels);
        }
    }

    [Test]
    public void A_kernel_that_skips_a_group_is_caught()
    {
        if (GeneratedKernels.Missing(DotType.Float) is { } missing)
            Assert.Ignore(missing);
        using var kernels = new GeneratedKernels(DotType.Float);
        Assert.Throws<AssertionException>(() =>
        {
            using (new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext())
                new Scene(new MicroTile(DotType.Float, 3, 2, true), 32, false) { Skipped = 1 }.Check(kernels);
        });
    }

    /// <summary>A call's operands and what the definition makes of them.</summary>
    private sealed class Scene(MicroTile tile, int columns, bool begin)
    {
        public int Skipped { get; init; }

        public void Check(GeneratedKernels kernels)
        {
            var (rows, width, random) = (tile.Rows, tile.Vectors * Lanes, new Random(tile.Index));
            using var a = new GuardedPages<int>(rows * Groups);
            using var panel = new GuardedPages<int>(Groups * width);
            using var c = new GuardedPages<int>((rows - 1) * width + columns);
            using var start = new GuardedPages<int>((rows - 1) * width + columns);
            using var bias = new GuardedPages<float>(columns);
            using var lanes = new GuardedPages<int>(rows * Lanes);
            using var sums = new GuardedPages<int>(width);
            foreach (var span in (int[])[0, 1])
            {
                foreach (ref var word in span == 0 ? a.Span : panel.Span)
                    word = Word(random);
            }

            foreach (ref var value in bias.Span)
                value = random.NextSingle();
            foreach (ref var value in start.Span)
                value = tile.Type == DotType.Int8 ? random.Next() : BitConverter.SingleToInt32Bits(random.NextSingle());
            var biased = tile.Type != DotType.Int8 && begin;
            var call = new TileCall
            {
                A = a.Pointer, AStride = Groups * 4, Panel = panel.Pointer, PanelStride = width * 4, Groups = Groups - Skipped, Start = begin ? start.Pointer : null, StartStride = width * 4,
                C = c.Pointer, CStride = width * 4, Bias = biased ? bias.Pointer : null, RowLanes = lanes.Pointer, ColumnSums = sums.Pointer, Columns = TileCall.First(columns),
            };
            var (truth, truthLanes, truthSums) = (new int[c.Length], new int[lanes.Length], new int[width]);
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < width; j++)
                {
                    var value = begin && j < columns ? start.Span[i * width + j] : 0;
                    for (var g = 0; g < Groups; g++)
                        value = Dot(value, a.Span[i * Groups + g], panel.Span[g * width + j]);
                    truthLanes[i * Lanes + j % Lanes] = Add(truthLanes[i * Lanes + j % Lanes], value);
                    truthSums[j] = Add(truthSums[j], value);
                    if (j < columns)
                        truth[i * width + j] = biased ? Add(value, BitConverter.SingleToInt32Bits(bias.Span[j])) : value;
                }
            }

            kernels.Run(&call, rows, tile.Vectors, tile.Sums);
            for (var i = 0; i < rows; i++)
                Assert.That(c.Span.Slice(i * width, columns).ToArray(), Is.EqualTo(truth.AsSpan(i * width, columns).ToArray()), $"row {i}, {columns} columns, begun {begin}");
            Assert.That(lanes.Span.ToArray(), Is.EqualTo(tile.Sums ? truthLanes : new int[lanes.Length]), "row lanes");
            Assert.That(sums.Span.ToArray(), Is.EqualTo(tile.Sums ? truthSums : new int[width]), "column sums");
        }

        /// <summary>A group: any four bytes, a float, or two bf16 values.</summary>
        private int Word(Random random) => tile.Type switch
        {
            DotType.Int8 => random.Next(int.MinValue, int.MaxValue),
            DotType.Float => BitConverter.SingleToInt32Bits(random.NextSingle() - 0.5f),
            _ => (BitConverter.SingleToInt32Bits(random.NextSingle() - 0.5f) & unchecked((int)0xFFFF0000)) | (int)((uint)BitConverter.SingleToInt32Bits(random.NextSingle() - 0.5f) >> 16),
        };

        private int Dot(int sum, int a, int b)
        {
            if (tile.Type == DotType.Int8)
            {
                for (var byteOf = 0; byteOf < 4; byteOf++)
                    sum += (byte)(a >> (8 * byteOf)) * (sbyte)(b >> (8 * byteOf));
                return sum;
            }

            var value = BitConverter.Int32BitsToSingle(sum);
            value = tile.Type == DotType.Float
                ? MathF.FusedMultiplyAdd(BitConverter.Int32BitsToSingle(a), BitConverter.Int32BitsToSingle(b), value)
                : MathF.FusedMultiplyAdd(Half(a, false), Half(b, false), MathF.FusedMultiplyAdd(Half(a, true), Half(b, true), value));
            return BitConverter.SingleToInt32Bits(value);
        }

        private int Add(int a, int b) => tile.Type == DotType.Int8 ? a + b : BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(a) + BitConverter.Int32BitsToSingle(b));

        private static float Half(int pair, bool high) => BitConverter.Int32BitsToSingle(high ? pair & unchecked((int)0xFFFF0000) : pair << 16);
    }
}
