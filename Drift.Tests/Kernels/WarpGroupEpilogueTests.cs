using Drift.Kernels;
using Drift.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>
/// What the warp-group family does behind its loop, on the simulator in warps of 32: flips, sums and stores of accumulators that a test has chosen. The loop itself has instructions that only an
/// NVIDIA GPU of sm_90a knows.
/// </summary>
public static class WarpGroupEpilogueTests
{
    private const int Rows = 150, Columns = 200, PaddedRows = 256, Stride = 256, Blocks = 4, SharedWords = WarpGroupKernel.Threads / 32 * MatrixBlocks.Columns;

    [Test]
    public static void A_block_leaves_its_flips_its_sums_and_its_accumulators([Values(32, 64, 96, 128, 256)] int tile)
    {
        var random = new Random(tile);
        var c = Enumerable.Range(0, PaddedRows * Stride).Select(_ => random.Next(int.MinValue, int.MaxValue)).ToArray();
        var faults = new FaultPlanner().Draw(3, new GemmSite(1, 2, GemmRole.Key), Rows, Columns, BitErrorProfile.Uniform(0.001));
        var plan = new int[PackedPlan.Length(faults)];
        PackedPlan.Write(faults, new GemmShape(Rows, Columns, 1), plan);
        var layout = new SumLayout(Rows, Columns, PaddedRows, Stride, tile);

        using var context = Warps();
        using var simulator = context.CreateCPUAccelerator(0);
        using var values = simulator.Allocate1D(c);
        using var flips = simulator.Allocate1D(plan);
        using var found = simulator.Allocate1D<int>(PaddedRows * Stride);
        using var sums = simulator.Allocate1D<int>(layout.Length);
        sums.MemSetToZero();
        var kernel = simulator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, int, int, int>(Leave);
        kernel(new KernelConfig(Blocks, WarpGroupKernel.Threads), values.View, flips.View, found.View, sums.View, tile, faults.BlockColumns, faults.BlockRows * faults.BlockColumns);
        simulator.Synchronize();

        foreach (var (row, column, bit) in faults.All)
            c[row * Stride + column] ^= 1 << bit;
        Assert.That(found.GetAsArray1D(), Is.EqualTo(c));
        using var output = new GemmOutput();
        output.Resize(new GemmShape(Rows, Columns, 1), Stride, PaddedRows, tile);
        layout.Read(sums.GetAsArray1D(), output);
        int across = (Columns + tile - 1) / tile, down = (Rows + tile - 1) / tile;
        for (var row = 0; row < Rows; row++)
        {
            for (var t = 0; t < across; t++)
            {
                Assert.That(output.Observed.Rows[row * across + t], Is.EqualTo(Sum(tile, i => t * tile + i < Stride ? c[row * Stride + t * tile + i] : 0)), $"row {row}, tile {t}");
                if (WarpGroupKernel.Checks(tile))
                    Assert.That(output.Expected.Rows[row * across + t], Is.EqualTo((High(row, t) << 8) + Low(row, t)), $"expected, row {row}, tile {t}");
            }
        }

        for (var t = 0; t < down; t++)
        {
            for (var column = 0; column < Columns; column++)
                Assert.That(output.Observed.Columns[t * Columns + column], Is.EqualTo(Sum(tile, i => t * tile + i < PaddedRows ? c[(t * tile + i) * Stride + column] : 0)), $"column {column}, tile {t}");
        }
    }

    [TestCase(500, 32, true)]
    [TestCase(1500, 32, true, Description = "three blocks of digit lines, and tall ones are six where narrow ones would be eight")]
    [TestCase(1500, 128, true)]
    [TestCase(2000, 256, true)]
    [TestCase(700, 32, false)]
    [TestCase(1500, 64, false)]
    public static void Blocks_of_expected_column_sums_leave_each_line_of_W_in_its_place(int rows, int tile, bool isTall)
    {
        const int Columns = 400, Stride = 512;
        var layout = new SumLayout(rows, Columns, rows + 255 & -256, Stride, tile);
        var e = new GemmExtents(rows, rows + 255 & -256, Columns, WarpGroupKernel.SliceWords, Stride, tile, layout.TileStride, 0, 0);
        var product = MatrixBlocks.Groups(e with { Tile = 0 }, WarpGroupKernel.Edge, 0);
        var launch = WarpGroupLaunch.Of(e, product);
        Assert.That((launch.IsChecked, launch.Steps.Tall), Is.EqualTo((true, isTall ? 1 : 0)));
        var random = new Random(rows + tile);
        int digitLines = DigitLines.Rows(launch.Steps.Down), nothing = random.Next();
        var c = Enumerable.Range(0, Stride * digitLines).Select(_ => random.Next(int.MinValue, int.MaxValue)).ToArray();

        using var context = Warps();
        using var simulator = context.CreateCPUAccelerator(0);
        using var values = simulator.Allocate1D(c);
        using var sums = simulator.Allocate1D(Enumerable.Repeat(nothing, layout.Length).ToArray());
        var kernel = simulator.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, int, GemmExtents, TileSteps>(LeaveColumns);
        kernel(new KernelConfig(launch.Groups - product, WarpGroupKernel.Threads), values.View, layout.In(sums.View).ExpectedColumns, product, digitLines, e, launch.Steps);
        simulator.Synchronize();

        var found = new int[layout.In(sums.View).ExpectedColumns.Length];
        layout.In(sums.View).ExpectedColumns.CopyToCPU(found);
        var expected = Enumerable.Repeat(nothing, found.Length).ToArray();
        for (var t = 0; t < launch.Steps.Down; t++)
        {
            for (var line = 0; line < Columns; line++)
                expected[t * Stride + line] = unchecked(256 * c[line * digitLines + DigitLines.At(t)] + c[line * digitLines + DigitLines.At(t) + 8]);
        }

        Assert.That(found, Is.EqualTo(expected));
    }

    // On 132 multiprocessors, each of which holds two groups.
    [TestCase(2048, 2048, 128, 256 + 8, true, 1, Description = "one wave: with narrow blocks there would be 272")]
    [TestCase(2040, 2030, 128, 256 + 8, true, 1)]
    [TestCase(2048, 2048, 32, 256 + 32, true, 0)]
    [TestCase(2048, 1152, 128, 144 + 16 + 9, false, 0, Description = "one wave, whoever sums")]
    [TestCase(2048, 3456, 128, 27 * 16 + 16 + 27, false, 0)]
    [TestCase(2048, 2176, 128, 17 * 16 + 17 * 1 + 16, false, 0)]
    [TestCase(4096, 4096, 128, 1024 + 32 + 32, false, 0, Description = "a fifth wave costs less than longer blocks in four")]
    [TestCase(2048, 2048, 0, 256, false, 0)]
    [TestCase(2048, 2048, 96, 256 + 16 + 16, false, 0, Description = "tiles of 96 lie across blocks")]
    public static void A_launch_takes_the_blocks_that_begin_fewest_waves(int m, int n, int tile, int groups, bool isChecked, int tall)
    {
        var stride = n + 127 & -128;
        var launch = WarpGroupLaunch.Of(new GemmExtents(m, m + 255 & -256, n, WarpGroupKernel.SliceWords, stride, tile, 32, 0, 0), 2 * 132);
        Assert.That((launch.Groups, launch.IsChecked, launch.Steps.Tall), Is.EqualTo((groups, isChecked, tall)));
    }

    [Test]
    public static void Lines_find_their_tiles_without_a_division([Values(32, 64, 96, 128, 160, 192, 224, 256)] int tile)
    {
        var steps = TileSteps.Of(new GemmExtents(1000, 1024, 700, 32, 768, tile, 32, 0, 0));
        Assert.That((steps.Across, steps.Down), Is.EqualTo(((700 + tile - 1) / tile, (1000 + tile - 1) / tile)));
        for (long line = 0; line <= int.MaxValue; line += line < 1 << 16 ? 1 : 999_983)
            Assert.That(TileSteps.TileOf(steps, (int)line), Is.EqualTo(line / tile), $"{line}");
        Assert.That(TileSteps.TileOf(steps, int.MaxValue), Is.EqualTo(int.MaxValue / tile));
    }

    private static Context Warps() => Context.Create(builder => builder.CPU(new CPUDevice(32, WarpGroupKernel.Threads / 32, 1)));

    private static int Sum(int count, Func<int, int> at) => unchecked((int)Enumerable.Range(0, count).Sum(i => (long)at(i)));

    private static int High(int row, int tile) => row * 7 - tile;

    private static int Low(int row, int tile) => 3 * tile - row;

    /// <summary>One thread of a block: what stands behind <see cref="WarpGroupKernel"/>'s loops.</summary>
    internal static void Leave(ArrayView<int> values, ArrayView<int> plan, ArrayView<int> c, ArrayView<int> sums, int tile, int blockColumns, int blocks)
    {
        var shared = SharedMemory.Allocate<int>(SharedWords);
        var layout = new SumLayout(Rows, Columns, PaddedRows, Stride, tile);
        var e = new GemmExtents(Rows, PaddedRows, Columns, WarpGroupKernel.SliceWords, Stride, tile, layout.TileStride, blockColumns, blocks);
        var steps = TileSteps.Of(e);
        var block = MatrixBlock.Of(Grid.IdxX, WarpGroupKernel.Edge, 0, e);
        int lane = Group.IdxX % 32, row = block.Row + Group.IdxX / 32 * 16 + lane / 4, at = row * Stride + block.Column + lane % 4 * 2;
        var x = new RegisterTile(Part(values, at, Stride), Part(values, at + 32, Stride), Part(values, at + 64, Stride), Part(values, at + 96, Stride));
        if (WarpGroupKernel.Checks(tile))
        {
            var first = TileSteps.TileOf(steps, block.Column);
            var q = first / 8 * 8 + lane % 4 * 2;
            Lanes4 high = new(High(row, q), High(row, q + 1), High(row + 8, q), High(row + 8, q + 1)), low = new(Low(row, q), Low(row, q + 1), Low(row + 8, q), Low(row + 8, q + 1));
            WarpGroupEpilogue.Expect(new CheckedTile(x, high, low), layout.In(sums).ExpectedRows, block, first, e);
        }

        x = WarpGroupEpilogue.Flip(x, plan, block, e);
        WarpGroupEpilogue.Sum(x, layout.In(sums), block, shared, e, steps);
        WarpGroupEpilogue.Store(x, c, block, e);
    }

    /// <summary>One thread of a block of expected column sums: what stands behind its loop, given a word a line of W and digit line.</summary>
    internal static void LeaveColumns(ArrayView<int> values, ArrayView<int> sums, int product, int digitLines, GemmExtents e, TileSteps steps)
    {
        int group = product + Grid.IdxX, lane = Group.IdxX % 32, half = Group.IdxX / 128, within = Group.IdxX / 32 % 4 * 16 + lane / 4;
        if (steps.Tall > 0)
        {
            var tall = WarpGroupLaunch.Tall(group, e);
            var near = (tall.Row + 128 * half + within) * digitLines + tall.Column + lane % 4 * 2;
            WarpGroupEpilogue.ExpectTall(
                new(Part(values, near, digitLines), Part(values, near + 64 * digitLines, digitLines), default, default), sums, tall, e.Columns, 1, steps.Down, e.Stride);
            return;
        }

        var block = MatrixBlock.Of(group, WarpGroupKernel.Edge, 0, e);
        var at = (block.Row + 64 * half + within) * digitLines + block.Column + lane % 4 * 2;
        WarpGroupEpilogue.Expect(new(Part(values, at, digitLines), Part(values, at + 32, digitLines), default, default), sums, block, e.Columns, 1, steps.Down, e.Stride);
    }

    private static Lanes16 Part(ArrayView<int> values, int at, int stride) =>
        new(Columns8(values, at, stride), Columns8(values, at + 8, stride), Columns8(values, at + 16, stride), Columns8(values, at + 24, stride));

    private static Lanes4 Columns8(ArrayView<int> values, int at, int stride) => new(values[at], values[at + 1], values[at + 8 * stride], values[at + 8 * stride + 1]);
}
