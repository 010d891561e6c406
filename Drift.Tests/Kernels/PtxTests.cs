using System.Diagnostics;
using System.Text.RegularExpressions;
using Drift.Kernels.Ilgpu;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What a GPU would be given, judged without one: the text of every kernel, and where the assembler is at hand what it makes of it.</summary>
public sealed partial class PtxTests
{
    private const string Variable = "DRIFT_PTXAS";

    private Dictionary<string, string> _texts = null!;

    /// <summary>Once, in one context, as a device has them: a kernel alone takes seconds.</summary>
    [OneTimeSetUp]
    public void Compile() => _texts = PtxListing.Names.Zip(PtxListing.Compile(PtxListing.Names)).ToDictionary();

    private static IEnumerable<string> Names() => PtxListing.Names;

    [TestCaseSource(nameof(Names))]
    public void Nothing_lives_in_local_memory(string name)
    {
        var text = _texts[name];
        Assert.That(text, Does.Contain(OfSm90(name) ? ".target sm_90a" : ".target sm_80"));
        Assert.That(text, Does.Not.Match(@"\.local"));
    }

    [Test]
    public void Kernels_compile_in_the_other_order_too() =>
        // What a context made of methods that kernels share it keeps: constants fold in another order.
        Assert.That(PtxListing.Compile(PtxListing.Names.Reverse()), Has.Count.EqualTo(_texts.Count).And.All.Contains(".entry"));

    [TestCase("matrix-256", "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32", 96, Description = "a warp's 4 x 8 accumulator tiles, twice a slice of 64 values of k; 4 x 4 for digit lines")]
    [TestCase("matrix-256", "ldmatrix.sync.aligned.m8n8.x4.shared.b16", 42, Description = "eight for 64 rows and 64 columns, six for 64 and 32: for the first half slice and twice a slice")]
    [TestCase("matrix-256", "cp.async.cg.shared.global", 33, Description = "six quads a thread and slice of the product, five of digit lines: in the loop, for the first slice and for the second")]
    [TestCase("matrix-128", "cp.async.cg.shared.global", 42, Description = "eight quads a thread and slice, and six")]
    [TestCase("matrix-256", "bar.sync", 6, Description = "one before either loop and one a slice, two where warps meet over the sums of a tile of 128")]
    [TestCase("warp-group", "wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8", 4, Description = "32 values of k each, 128 a slice")]
    [TestCase("warp-group", "wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8", 4, Description = "of digit lines")]
    [TestCase("warp-group", "cp.async.cg.shared.global", 42, Description = "eight quads a thread and slice of the product, six of digit lines: in the loop, for the first slice and for the second")]
    [TestCase("warp-group", "bar.sync", 4, Description = "one a slice in either loop, two where warps meet over columns' sums")]
    [TestCase("warp-group-checked", "wgmma.mma_async.sync.aligned.m64n144k32.s32.s8.s8", 4, Description = "128 columns and 16 digit lines of W")]
    [TestCase("warp-group-checked", "wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8", 4, Description = "lines of W and digit lines of A")]
    [TestCase("warp-group-checked", "wgmma.mma_async.sync.aligned.m64n32k32.s32.s8.s8", 8, Description = "128 lines of W a warp group and fewer digit lines of A")]
    [TestCase("warp-group-checked", "cp.async.cg.shared.global", 72, Description = "eight quads a thread and slice of the operands and one of digit lines; of lines of W and digit lines of A six, or nine in tall blocks")]
    [TestCase("warp-group-checked", "bar.sync", 5, Description = "one a slice in each of three loops, two where warps meet over columns' sums")]
    [TestCase("warp-group-half", "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16", 4, Description = "16 values of k each, 64 a slice")]
    [TestCase("matrix-half", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 64, Description = "a warp's 4 x 8 accumulator tiles, twice a slice of 32 values of k")]
    [TestCase("fp32-direct", "fma.rn.f32", 192, Description = "one an accumulator and k: 8 x 16, and 8 x 8 of expected row sums")]
    [TestCase("fp32-block", "fma.rn.f32", 1056, Description = "64 accumulators and 8 k a slice, 32 of half a block of the product and of summed lines; 8 and 4 k of a thin one")]
    [TestCase("fp32-block", "ld.shared.v4.f32", 84, Description = "two quads of A and two of W a k, one of W of half a block; one of A of a thin one, in 4 k")]
    [TestCase("fp32-block", "st.shared.v4.f32", 14, Description = "a quad of either operand a slice, in each of three loops, five of four slices of a thin block; parts of columns: two of a whole block, one of half a one")]
    [TestCase("fp32-block", "ld.global.v4.f32", 56, Description = "two before each of three loops and two in it, five of a thin block; quads that the group before left: 16 of a whole block, 8 of either half one, 2 of a thin one")]
    [TestCase("fp32-block", "bar.sync", 17, Description = "two buffers, one barrier a slice, in each of three loops, two in that of a thin block; one where accumulators are left in each, one where they are awaited, one behind lines, three around the sums of either form of the product")]
    [TestCase("fp32-block-64", "fma.rn.f32", 544, Description = "64 accumulators and 4 k a slice, 32, 32 and 8 of the smaller forms")]
    [TestCase("fp32-block-64", "bar.sync", 17, Description = "as many")]
    [TestCase("dot-block", "dp4a.s32.s32", 1024, Description = "128 accumulators and 8 words a slice")]
    [TestCase("dot-block", "ld.shared.v4.b32", 48, Description = "two quads of A and four of W a word")]
    [TestCase("dot-block", "st.shared.v4.b32", 4, Description = "two quads of either operand a slice")]
    [TestCase("dot-block", "ld.global.v4.b32", 8, Description = "four before the loop and four in it")]
    [TestCase("dot-block", "bar.sync", 1, Description = "two buffers, one barrier a slice")]
    [TestCase("direct", "bar.sync", 0, Description = "no shared memory")]
    public void Instructions_are_as_counted(string name, string instruction, int count) =>
        Assert.That(Regex.Count(_texts[name], Regex.Escape(instruction) + @"\b"), Is.EqualTo(count));

    [TestCase("matrix-256", 255, Description = "one group of 256 threads a multiprocessor is what 65536 registers hold at this size")]
    [TestCase("matrix-128", 255, Description = "two groups of 128 threads a multiprocessor")]
    [TestCase("warp-group", 128, Description = "two groups of 256 threads a multiprocessor")]
    [TestCase("warp-group-checked", 128, Description = "two groups of 256 threads a multiprocessor")]
    [TestCase("warp-group-half", 128, Description = "two groups of 256 threads a multiprocessor")]
    [TestCase("matrix-half", 255, Description = "two groups of 128 threads a multiprocessor")]
    [TestCase("direct", 255)]
    [TestCase("direct-expect", 255)]
    [TestCase("dot-block", 255, Description = "two groups of 128 threads a multiprocessor")]
    [TestCase("dot-interleave", 64)]
    [TestCase("widen", 64)]
    [TestCase("encode-pairs", 64)]
    [TestCase("fp32-direct", 255)]
    [TestCase("fp32-block", 128, Description = "two groups of 256 threads a multiprocessor")]
    [TestCase("fp32-block-64", 255, Description = "two groups of 64 threads a multiprocessor")]
    [TestCase("windows", 64)]
    [TestCase("fp32-windows", 64)]
    [TestCase("measure", 64)]
    [TestCase("quantise", 64)]
    [TestCase("leave", 64)]
    [TestCase("mend", 64)]
    [TestCase("repack", 64)]
    [TestCase("measure-output", 64)]
    [TestCase("saturate", 64)]
    [TestCase("mend-wide", 64)]
    [TestCase("keep", 64)]
    [TestCase("judge", 64)]
    [TestCase("trace-flips", 64)]
    [TestCase("toggle-flips", 64)]
    [TestCase("modulate", 64)]
    [TestCase("add-gated", 64)]
    [TestCase("add", 64)]
    [TestCase("add-bias", 64)]
    [TestCase("gelu-tanh", 64)]
    [TestCase("affine", 64)]
    [TestCase("add-to-rows", 64)]
    [TestCase("silu", 64)]
    [TestCase("gate-gelu", 64)]
    [TestCase("join", 64)]
    [TestCase("double", 64)]
    [TestCase("transpose", 64)]
    [TestCase("group-sum-run", 64)]
    [TestCase("group-add-lines", 64)]
    [TestCase("group-centre", 64)]
    [TestCase("group-fit", 64)]
    [TestCase("group-apply", 64)]
    [TestCase("fp32-window-lines", 64)]
    [TestCase("measure-windows", 64)]
    [TestCase("quantise-windows", 64)]
    [TestCase("attention-scores", 64)]
    [TestCase("attention-softmax", 64)]
    [TestCase("attention-values", 64)]
    [TestCase("fp32-interleave", 64)]
    [TestCase("fp32-encode", 64)]
    [TestCase("fp32-transpose", 64)]
    [TestCase("fp32-transpose-sum", 64)]
    [TestCase("fp32-gather", 64)]
    [TestCase("fp32-gather-long", 64)]
    [TestCase("fp32-lay", 255)]
    [TestCase("encode-digits", 64)]
    [TestCase("quantise-digits", 64)]
    public void The_assembler_spills_nothing(string name, int mostRegisters)
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{name}.ptx");
        File.WriteAllText(file, _texts[name]);
        Unspilled(Assemble(file, OfSm90(name) ? "sm_90a" : "sm_80"), mostRegisters);
    }

    [Test]
    public void Dot_products_assemble_for_GPUs_without_tensor_cores_of_theirs([Values(61, 70, 75)] int architecture)
    {
        var text = PtxListing.Compile("dot-block", architecture);
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"dot-block-{architecture}.ptx");
        Assert.That(text, Does.Contain($".target sm_{architecture}"));
        Assert.That(Regex.Count(text, @"\bdp4a\.s32\.s32\b"), Is.EqualTo(1024));
        File.WriteAllText(file, text);
        Unspilled(Assemble(file, $"sm_{architecture}"), 255);
    }

    private static void Unspilled(string said, int mostRegisters) => Assert.Multiple(() =>
    {
        Assert.That(said, Does.Contain("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"));
        Assert.That(int.Parse(Registers().Match(said).Groups[1].Value), Is.InRange(1, mostRegisters));
    });

    private static bool OfSm90(string name) => name.StartsWith("warp-group", StringComparison.Ordinal);

    private static string Assemble(string file, string architecture)
    {
        var assembler = Environment.GetEnvironmentVariable(Variable) ?? "/opt/drift-ptxas-12/usr/bin/ptxas";
        if (!File.Exists(assembler))
            Assert.Ignore($"no PTX assembler at {assembler}: eng/ptxas.sh fetches one, {Variable} names another");
        using var process = Process.Start(new ProcessStartInfo(assembler, [$"-arch={architecture}", "-v", file, "-o", file + ".cubin"]) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, said);
        return said;
    }

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();
}
