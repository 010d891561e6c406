using System.Runtime.InteropServices;
using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Every generated function against plain loops, with every operand at the end of its page.</summary>
public sealed unsafe class MicroKernelTests
{
    private const int Groups = 5, Lanes = MicroTile.Lanes, Kept = 3, FirstPlace = 64;

    private static IEnumerable<TestCaseData> Tiles() =>
        from type in Enum.GetValues<DotType>() from tile in MicroTile.Of(type) where tile.Above == 0 || tile.Rows is 4 or MicroTile.MostRows select new TestCaseData(tile).SetArgDisplayNames($"{type} {tile.Rows} x {tile.Vectors}{(tile.Sums ? " sums" : "")}{(tile.Checked ? " checked" : "")}{(tile.Above > 0 ? $" above {tile.Above}" : "")}");

    [Test]
    public void Every_tile_of_a_type_has_a_place_of_its_own() =>
        Assert.That(MicroTile.Of(DotType.Int8).Concat(from columns in Enumerable.Range(1, MicroTile.MostAlong / 2).Select(pairs => 2 * pairs) from rows in Enumerable.Range(1, MicroTile.RowsAlong(columns)) from flips in (bool[])[false, true]
                select new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Flips: flips))
            .Concat(from columns in Enumerable.Range(1, Lanes) from rows in Enumerable.Range(1, MicroTile.RowsAlong(columns)) select new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Apart: true))
            .Select(tile => tile.Index), Is.Unique.And.All.InRange(0, MicroTile.Places - 1));

    [Test]
    public void Flipped_rows_beside_sums_apart_take_no_other_tiles_place([Range(1, Lanes)] int columns) =>
        Assert.That(new MicroTile(DotType.Int8, 1, columns, false, false, Along: true, Flips: true, Apart: true).Index, Is.GreaterThanOrEqualTo(MicroTile.Places));

    [TestCase(14, 1, false)]
    [TestCase(2, 3, false)]
    [TestCase(11, 2, false)]
    [TestCase(11, 2, true)]
    [TestCase(1, 17, true)]
    public void Digits_along_K_are_pairs_or_a_vector_of_sums_apart_beside_as_many_rows_as_registers_hold(int rows, int columns, bool apart) =>
        Assert.Throws<ArgumentException>(() => AlongAssembler.Emit(new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Apart: apart)));

    [TestCaseSource(nameof(Tiles))]
    public void A_generated_tile_is_the_definition(object boxed)
    {
        var tile = (MicroTile)boxed;
        if (GeneratedKernels.Missing(tile.Type) is { } missing)
            Assert.Ignore(missing);
        using var kernels = new GeneratedKernels(tile.Type);
        foreach (var missingColumns in (int[])[0, 5])
        {
            for (var choice = 0; choice < 8; choice++)
                new Scene(tile, tile.Vectors * Lanes - missingColumns, (choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0).Check(kernels);
        }
    }

    private static IEnumerable<(int Vectors, int Sums)> JoinedSums() => [(1, 1), (1, 5), (1, 8), (2, 1), (2, 5), (2, 8), (2, 11), (2, 16)];

    [Test]
    public void Digits_of_a_row_are_put_together_where_they_are_multiplied([Range(1, MicroTile.MostRows)] int rows, [ValueSource(nameof(JoinedSums))] (int Vectors, int Sums) joins, [Values] bool begin)
    {
        var (vectors, sums) = joins;
        if (GeneratedKernels.Missing(DotType.Int8) is { } missing)
            Assert.Ignore(missing);
        using var kernels = new GeneratedKernels(DotType.Int8);
        var (random, width, stride) = (new Random(rows), vectors * Lanes, sums + 3);
        using var a = new GuardedPages<int>(rows * Groups);
        using var panel = new GuardedPages<int>(Groups * width);
        using var c = new GuardedPages<int>(rows * width);
        using var joined = new GuardedPages<int>((rows - 1) * stride + sums);
        foreach (var operand in (GuardedPages<int>[])[a, panel, c])
            random.NextBytes(MemoryMarshal.AsBytes(operand.Span));
        var before = c.Span.ToArray();
        var call = Call(joined.Pointer);
        kernels.Run(&call, rows, vectors, false, false);
        Assert.That(c.Span.ToArray(), Is.EqualTo(before));
        call = Call(null);
        kernels.Run(&call, rows, vectors, false, false);
        var (products, truth) = (c.Span.ToArray(), new int[joined.Length]);
        for (var i = 0; i < rows; i++)
        {
            for (var t = 0; t < sums; t++)
                truth[i * stride + t] = Digits.Base * products[i * width + t] + products[i * width + width / 2 + t];
        }

        Assert.That(joined.Span.ToArray(), Is.EqualTo(truth));

        TileCall Call(int* to) => new()
        {
            A = a.Pointer, AStride = Groups * 4, Panel = panel.Pointer, PanelStride = width * 4, Groups = Groups, Start = begin ? c.Pointer : null, StartStride = width * 4, C = c.Pointer, CStride = width * 4,
            Columns = TileCall.First(width), Joined = to, JoinedStride = stride * 4, JoinedColumns = TileCall.First(sums),
        };
    }

    [Test]
    public void Digits_along_whose_vectors_K_runs_are_the_definition([Range(2, MicroTile.MostAlong, 2)] int columns, [Values] bool begun, [Values] bool flips) => CheckAlong(columns, begun, flips, apart: false);

    [Test]
    public void Digits_apart_along_whose_vectors_K_runs_are_the_definition([Range(1, Lanes)] int columns, [Values] bool begun) => CheckAlong(columns, begun, flips: false, apart: true);

    [TestCase(ActivationRows.Together + 1, 2, false)]
    [TestCase(1, 2, true)]
    public void Rows_are_flipped_a_few_at_a_time_beside_pairs_of_digits(int rows, int columns, bool apart) => Refuses(rows, columns, apart);

    private static void Refuses(int rows, int columns, bool apart) =>
        Assert.Throws<ArgumentException>(() => AlongAssembler.Emit(new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Flips: true, Apart: apart)));

    private static void CheckAlong(int columns, bool begun, bool flips, bool apart)
    {
        if (flips && columns > MicroTile.MostFlipping)
        {
            Refuses(1, columns, apart: false);
            return;
        }

        if (GeneratedKernels.Missing(DotType.Int8) is { } missing)
            Assert.Ignore(missing);
        const int Vector = 64, Values = Groups * Vector;
        using var kernels = new GeneratedKernels(DotType.Int8);
        var sums = apart ? columns : columns / Digits.Count;
        for (var rows = 1; rows <= (flips ? ActivationRows.Together : MicroTile.RowsAlong(columns)); rows++)
        {
            var (random, stride) = (new Random(rows), sums + 3);
            using var a = new GuardedPages<byte>(rows * Values);
            using var panel = new GuardedPages<sbyte>(columns * Values);
            using var start = new GuardedPages<int>(sums);
            using var joined = new GuardedPages<int>((rows - 1) * stride + sums);
            random.NextBytes(a.Span);
            byte[] flipped = [.. a.Span.ToArray().Select(value => (byte)(flips ? value ^ 0x80 : value))];
            random.NextBytes(MemoryMarshal.AsBytes(panel.Span));
            random.NextBytes(MemoryMarshal.AsBytes(start.Span));
            random.NextBytes(MemoryMarshal.AsBytes(joined.Span));
            var truth = joined.Span.ToArray();
            for (var i = 0; i < rows; i++)
            {
                for (var t = 0; t < sums; t++)
                    truth[i * stride + t] = (begun ? truth[i * stride + t] : start.Span[t]) + (apart ? Product(i, t) : Digits.Base * Product(i, t) + Product(i, sums + t));
            }

            var call = new TileCall
            {
                A = a.Pointer, AStride = Values, Panel = panel.Pointer, Groups = Groups, Start = begun ? joined.Pointer : start.Pointer, StartStride = begun ? stride * 4 : 0,
                Joined = joined.Pointer, JoinedStride = stride * 4, JoinedColumns = TileCall.First(sums),
            };
            kernels.Run(&call, new MicroTile(DotType.Int8, rows, columns, false, false, Along: true, Flips: flips, Apart: apart));
            Assert.That(joined.Span.ToArray(), Is.EqualTo(truth), $"{rows} rows");
            Assert.That(a.Span.ToArray(), Is.EqualTo(flipped), $"{rows} rows");

            int Product(int row, int column) => Enumerable.Range(0, Values).Sum(p => flipped[row * Values + p] * panel.Span[(p / Vector * columns + column) * Vector + p % Vector]);
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
                new Scene(new MicroTile(DotType.Float, 3, 2, true, false), 32, false, false, false) { Skipped = 1 }.Check(kernels);
        });
    }

    /// <summary>A call's operands and what the definition makes of them.</summary>
    private sealed class Scene(MicroTile tile, int columns, bool begin, bool begun, bool fold)
    {
        private readonly int _rows = tile.Rows - tile.CheckRows, _width = tile.Vectors * Lanes;

        // Rows of integers are folded in every call, side by side.
        private readonly bool _integers = tile.Type == DotType.Int8;
        private readonly int _apart = tile.Type == DotType.Int8 ? 1 : 2;

        public int Skipped { get; init; }

        public void Check(GeneratedKernels kernels)
        {
            var random = new Random(tile.Index);
            using var a = new GuardedPages<int>(_rows * Groups);
            using var checkA = new GuardedPages<int>(Math.Max(1, tile.CheckRows) * (Groups + 1) - 1);
            using var panel = new GuardedPages<int>(Groups * _width);
            using var c = new GuardedPages<int>((_rows - 1) * _width + columns);
            using var checks = new GuardedPages<int>(Math.Max(1, tile.CheckRows) * columns);
            using var start = new GuardedPages<int>((tile.Rows - 1) * _width + columns);
            using var bias = new GuardedPages<float>(columns);
            using var lanes = new GuardedPages<int>(_rows * Lanes);
            using var rowSums = new GuardedPages<int>(_apart * (_rows - 1) + 1);
            // Those of the second tile come after a gap.
            using var sums = new GuardedPages<int>((tile.Above > 0 ? columns + 3 : 0) + columns);
            using var joined = new GuardedPages<int>(columns);
            // Only the first vector's are read: those of the second are 32 more. The panel is not a tile's first.
            using var weights = new GuardedPages<int>(Lanes);
            for (var j = 0; j < Lanes; j++)
                weights.Span[j] = OddWeights.Of(FirstPlace + j);
            var weighs = _integers && !begin;
            Fill(a.Span, () => Word(random));
            Fill(checkA.Span, () => Word(random));
            Fill(panel.Span, () => Word(random));
            int Value() => tile.Type == DotType.Int8 ? random.Next() : BitConverter.SingleToInt32Bits(random.NextSingle() - 0.5f);
            Fill(start.Span, Value);
            Fill(checks.Span, Value);
            Fill(lanes.Span, Value);
            Fill(rowSums.Span, Value);
            Fill(sums.Span, Value);
            foreach (ref var value in bias.Span)
                value = random.NextSingle();
            var biased = tile.Type != DotType.Int8 && begin;
            var call = new TileCall
            {
                A = a.Pointer, AStride = Groups * 4, CheckA = checkA.Pointer, CheckAStride = (Groups + 1) * 4, Panel = panel.Pointer, PanelStride = _width * 4, Groups = Groups - Skipped, Start = begin ? start.Pointer : null, StartStride = _width * 4,
                C = c.Pointer, CStride = _width * 4, Checks = checks.Pointer, ChecksStride = columns * 4, Bias = biased ? bias.Pointer : null, RowLanes = _integers ? null : lanes.Pointer,
                RowsBegun = begun ? 1 : 0, RowSums = _integers || fold ? rowSums.Pointer : null, RowWeights = weighs ? weights.Pointer : null, RowSumStride = 4 * _apart, ColumnSums = sums.Pointer, ColumnsBegun = begun ? 1 : 0, ColumnSumStride = (columns + 3) * 4, Columns = TileCall.First(columns),
                Stretch = tile.Index % (Groups + 2), PanelAhead = panel.Pointer + panel.Length, PanelAheadLast = panel.Pointer + panel.Length + Kept * TileCall.AheadBytes / sizeof(int), ProductAhead = c.Pointer, ProductAheadLast = c.Pointer + (_rows - 1) * _width,
            };
            var truthLanes = tile.Sums && (!begun || _integers) ? new int[lanes.Length] : lanes.Span.ToArray();
            var truthSums = sums.Span.ToArray();
            var folded = rowSums.Span.ToArray();
            if (tile.Sums && !begun)
                truthSums.AsSpan(0, columns).Clear();
            truthSums.AsSpan(sums.Length - (tile.Above > 0 ? columns : 0)).Clear();
            var truthRows = new int[_rows];
            int[][] truth = [.. Enumerable.Range(0, tile.Rows).Select(_ => new int[columns])];
            for (var i = 0; i < tile.Rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    var value = !begin ? 0 : i < _rows ? start.Span[i * _width + j] : checks.Span[(i - _rows) * columns + j];
                    for (var g = 0; g < Groups; g++)
                        value = Dot(value, i < _rows ? a.Span[i * Groups + g] : checkA.Span[(i - _rows) * (Groups + 1) + g], panel.Span[g * _width + j]);
                    truth[i][j] = biased && i < _rows ? Add(value, BitConverter.SingleToInt32Bits(bias.Span[j])) : value;
                    if (i >= _rows || !tile.Sums)
                        continue;
                    truthLanes[i * Lanes + j % Lanes] = Add(truthLanes[i * Lanes + j % Lanes], value);
                    truthRows[i] += value * (weighs ? OddWeights.Of(FirstPlace + j) : 1);
                    ref var sum = ref truthSums[tile.Above > 0 && i >= tile.Above ? columns + 3 + j : j];
                    sum = Add(sum, value);
                }
            }

            // Integers have no lanes to fold: the choice is whether their check rows are put together.
            var joins = _integers && tile.Checked && fold;
            call.Joined = joins ? joined.Pointer : null;
            var (keptLanes, keptChecks) = (lanes.Span.ToArray(), checks.Span.ToArray());
            // Columns that do not exist are 0 in a panel.
            for (var g = 0; g < Groups; g++)
                panel.Span.Slice(g * _width + columns, _width - columns).Clear();
            kernels.Run(&call, tile.Rows, tile.Vectors, tile.Sums, tile.Checked, tile.Above);
            var what = $"{columns} columns, begun {begin} {begun}, folded {fold}";
            var steps = call.Stretch == 0 ? 0 : (Groups - Skipped + (int)call.Stretch - 1) / (int)call.Stretch;
            Assert.That((nint)call.PanelAhead, Is.EqualTo((nint)(panel.Pointer + panel.Length) + Math.Min(steps, Kept) * TileCall.AheadBytes), $"what is asked for ahead, {what}");
            Assert.That((nint)call.ProductAhead, Is.EqualTo((nint)(c.Pointer + Math.Min(steps, _rows - 1) * _width)), $"C asked for ahead, {what}");
            if (joins)
            {
                Assert.That(joined.Span.ToArray(), Is.EqualTo(truth[_rows].Zip(truth[_rows + 1], (high, low) => Digits.Base * high + low)), $"joined, {what}");
                Assert.That(checks.Span.ToArray(), Is.EqualTo(keptChecks));
            }

            for (var i = 0; i < (joins ? _rows : tile.Rows); i++)
                Assert.That((i < _rows ? c.Span.Slice(i * _width, columns) : checks.Span.Slice((i - _rows) * columns, columns)).ToArray(), Is.EqualTo(truth[i]), $"row {i}, {what}");
            Assert.That(lanes.Span.ToArray(), Is.EqualTo(_integers || (tile.Sums && fold) ? keptLanes : truthLanes), $"row lanes, {what}");
            Assert.That(sums.Span.ToArray(), Is.EqualTo(truthSums), $"column sums, {what}");
            for (var i = 0; tile.Sums && (_integers || fold) && i < _rows; i++)
                folded[_apart * i] = _integers ? (begun ? folded[i] : 0) + truthRows[i] : Fold(truthLanes.AsSpan(i * Lanes, Lanes));
            Assert.That(rowSums.Span.ToArray(), Is.EqualTo(folded), $"row sums, {what}");
        }

        private static void Fill(Span<int> span, Func<int> draw)
        {
            foreach (ref var word in span)
                word = draw();
        }

        private static int Fold(ReadOnlySpan<int> lanes)
        {
            var sum = 0;
            fixed (int* pinned = lanes)
                RowLanes.Fold((float*)pinned, 1, (float*)&sum, 1);
            return sum;
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
