using System.Globalization;
using System.Reflection;
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
    [IntrinsicImplementation]
    public static Lanes16 Even(Lanes16 words) => EvenWrittenOut(words);

    /// <summary>Bytes 1 and 3 of each word as a pair.</summary>
    [IntrinsicImplementation]
    public static Lanes16 Odd(Lanes16 words) => OddWrittenOut(words);

    /// <inheritdoc cref="Even(Lanes16)"/>
    public static Lanes16 EvenWrittenOut(Lanes16 words) => new(Even(words.A), Even(words.B), Even(words.C), Even(words.D));

    /// <inheritdoc cref="Odd(Lanes16)"/>
    public static Lanes16 OddWrittenOut(Lanes16 words) => new(Odd(words.A), Odd(words.B), Odd(words.C), Odd(words.D));

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
        Type[] sum = [typeof(Lanes16), typeof(int), typeof(Lanes16)], one = [typeof(Lanes16)];
        Register(manager, nameof(MultiplyAdd), sum, nameof(InOpenCL), nameof(WrittenOut));
        Register(manager, nameof(Even), one, nameof(EvenInOpenCL), nameof(EvenWrittenOut));
        Register(manager, nameof(Odd), one, nameof(OddInOpenCL), nameof(OddWrittenOut));
    }

    private static void Register(IntrinsicImplementationManager manager, string name, Type[] parameters, string openCL, string elsewhere)
    {
        var method = typeof(PairLanes).GetMethod(name, Own, parameters)!;
        manager.RegisterMethod(method, new CLIntrinsic(typeof(PairLanes), openCL, IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(method, new PTXIntrinsic(typeof(PairLanes).GetMethod(elsewhere, Own, parameters)!, IntrinsicImplementationMode.Redirect));
    }

    private static Lanes4 Even(Lanes4 words) => new(Even(words.A), Even(words.B), Even(words.C), Even(words.D));

    private static Lanes4 Odd(Lanes4 words) => new(Odd(words.A), Odd(words.B), Odd(words.C), Odd(words.D));

    private static Lanes4 WrittenOut(Lanes4 sum, int x, Lanes4 w) =>
        new(WrittenOut(sum.A, x, w.A), WrittenOut(sum.B, x, w.B), WrittenOut(sum.C, x, w.C), WrittenOut(sum.D, x, w.D));

    private static int WrittenOut(int sum, int x, int w) => sum + (x << 16 >> 16) * (w << 16 >> 16) + (x >> 16) * (w >> 16);

    private static void InOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        string sum = generator.Load(value[0]).ToString(), x = DeviceMath.Name(generator.Load(value[1])), w = generator.Load(value[2]).ToString();
        Emit(generator, value,
            $"(int16)({Fields(sum)}) + __builtin_astype(__builtin_ia32_pmaddwd512(__builtin_astype((int16)({x}), pairs), {Pairs(w)}), int16)",
            lane => $"{sum}.field_{lane} + (short){x} * (short){w}.field_{lane} + ({x} >> 16) * ({w}.field_{lane} >> 16)");
    }

    private static void EvenInOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        var words = generator.Load(value[0]).ToString();
        Emit(generator, value, $"__builtin_astype(({Pairs(words)} << (pairs)(8)) >> (pairs)(8), int16)",
            lane => $"(({words}.field_{lane} << 24 >> 24) & 0xFFFF) | ({words}.field_{lane} << 8 >> 24 << 16)");
    }

    private static void OddInOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        var words = generator.Load(value[0]).ToString();
        Emit(generator, value, $"__builtin_astype({Pairs(words)} >> (pairs)(8), int16)",
            lane => $"(({words}.field_{lane} << 16 >> 24) & 0xFFFF) | ({words}.field_{lane} >> 24 << 16)");
    }

    /// <summary>Sixteen lanes from one expression where the compiler has the instructions, lane by lane elsewhere.</summary>
    private static void Emit(CLCodeGenerator generator, Value value, FormattableString atOnce, Func<int, FormattableString> each)
    {
        var target = generator.Allocate(value);
        generator.Declare(target);
        generator.Builder.Append("\n#ifdef __AVX512BW__\n\t{ typedef short pairs __attribute__((ext_vector_type(32)));\n\tint16 lanes = ");
        generator.Builder.Append(FormattableString.Invariant(atOnce)).Append(";\n");
        for (var lane = 0; lane < 16; lane++)
            generator.Builder.Append(CultureInfo.InvariantCulture, $"\t{target}.field_{lane} = lanes.s{lane:x};\n");
        generator.Builder.Append("}\n#else\n");
        for (var lane = 0; lane < 16; lane++)
            generator.Builder.Append(CultureInfo.InvariantCulture, $"\t{target}.field_{lane} = ").Append(FormattableString.Invariant(each(lane))).Append(";\n");
        generator.Builder.Append("#endif\n");
    }

    private static string Pairs(string lanes) => $"__builtin_astype((int16)({Fields(lanes)}), pairs)";

    private static string Fields(string lanes) => string.Join(", ", Enumerable.Range(0, 16).Select(lane => FormattableString.Invariant($"{lanes}.field_{lane}")));
}
