using System.Globalization;
using System.Reflection;
using System.Text;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Drift.Kernels.Ilgpu;

/// <summary>
/// Products of pairs: a word holds two INT16. A CPU that poses as an OpenCL device has an instruction for sixteen such words at a time (vpmaddwd), which compilers do not find by
/// themselves, so the OpenCL text names it where the compiler says that it is there. Everywhere else the same sums are written out.
/// </summary>
internal static class PairLanes
{
    private const BindingFlags Own = BindingFlags.Static | BindingFlags.Public;

    /// <summary>sum + x w, lane by lane, over both values of a pair, modulo 2^32.</summary>
    [IntrinsicImplementation]
    public static Lanes16 MultiplyAdd(Lanes16 sum, int x, Lanes16 w) => WrittenOut(sum, x, w);

    /// <summary>Bytes 0 and 2 of each word as a pair.</summary>
    public static Lanes16 Even(Lanes16 words) => new(Even(words.A), Even(words.B), Even(words.C), Even(words.D));

    /// <summary>Bytes 1 and 3 of each word as a pair.</summary>
    public static Lanes16 Odd(Lanes16 words) => new(Odd(words.A), Odd(words.B), Odd(words.C), Odd(words.D));

    /// <summary>Bytes 0 and 2 of a word as a pair.</summary>
    public static int Even(int word) => Pair(word << 24 >> 24, word << 8 >> 24);

    /// <summary>Bytes 1 and 3 of a word as a pair.</summary>
    public static int Odd(int word) => Pair(word << 16 >> 24, word >> 24);

    /// <summary>Two INT16 as a word.</summary>
    public static int Pair(int low, int high) => (low & 0xFFFF) | (high << 16);

    /// <summary>The same without the instruction.</summary>
    public static Lanes16 WrittenOut(Lanes16 sum, int x, Lanes16 w) =>
        new(WrittenOut(sum.A, x, w.A), WrittenOut(sum.B, x, w.B), WrittenOut(sum.C, x, w.C), WrittenOut(sum.D, x, w.D));

    /// <summary>Registers the codes.</summary>
    internal static void Teach(IntrinsicImplementationManager manager)
    {
        var method = typeof(PairLanes).GetMethod(nameof(MultiplyAdd), Own)!;
        manager.RegisterMethod(method, new CLIntrinsic(typeof(PairLanes), nameof(InOpenCL), IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(
            method, new PTXIntrinsic(typeof(PairLanes).GetMethod(nameof(WrittenOut), Own, [typeof(Lanes16), typeof(int), typeof(Lanes16)])!, IntrinsicImplementationMode.Redirect));
    }

    private static Lanes4 Even(Lanes4 words) => new(Even(words.A), Even(words.B), Even(words.C), Even(words.D));

    private static Lanes4 Odd(Lanes4 words) => new(Odd(words.A), Odd(words.B), Odd(words.C), Odd(words.D));

    private static Lanes4 WrittenOut(Lanes4 sum, int x, Lanes4 w) =>
        new(WrittenOut(sum.A, x, w.A), WrittenOut(sum.B, x, w.B), WrittenOut(sum.C, x, w.C), WrittenOut(sum.D, x, w.D));

    private static int WrittenOut(int sum, int x, int w) => sum + (x << 16 >> 16) * (w << 16 >> 16) + (x >> 16) * (w >> 16);

    private static void InOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        string sum = generator.Load(value[0]).ToString(), x = DeviceMath.Name(generator.Load(value[1])), w = generator.Load(value[2]).ToString();
        var target = generator.Allocate(value);
        generator.Declare(target);
        generator.Builder.Append("\n#ifdef __AVX512BW__\n\t{ typedef short pairs __attribute__((ext_vector_type(32)));\n\tint16 lanes = (int16)(").Append(Fields(sum)).Append(')');
        generator.Builder.Append(CultureInfo.InvariantCulture, $" + __builtin_astype(__builtin_ia32_pmaddwd512(__builtin_astype((int16)({x}), pairs), ");
        generator.Builder.Append("__builtin_astype((int16)(").Append(Fields(w)).Append("), pairs)), int16);\n");
        Each(generator.Builder, lane => $"{target}.field_{lane} = lanes.s{lane:x};");
        generator.Builder.Append("}\n#else\n");
        Each(generator.Builder, lane => $"{target}.field_{lane} = {sum}.field_{lane} + (short){x} * (short){w}.field_{lane} + ({x} >> 16) * ({w}.field_{lane} >> 16);");
        generator.Builder.Append("#endif\n");
    }

    private static string Fields(string lanes) => string.Join(", ", Enumerable.Range(0, 16).Select(lane => FormattableString.Invariant($"{lanes}.field_{lane}")));

    private static void Each(StringBuilder text, Func<int, FormattableString> statement)
    {
        for (var lane = 0; lane < 16; lane++)
            text.Append('\t').Append(FormattableString.Invariant(statement(lane))).Append('\n');
    }
}
