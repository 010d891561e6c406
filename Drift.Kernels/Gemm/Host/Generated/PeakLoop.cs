using System.ComponentModel;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// The most that a core can multiply in a type: a generated loop of the micro-kernel's instruction on registers alone, with enough accumulators that none waits for itself. What a benchmark
/// draws as the roof over the products. Safe for use by several threads at once.
/// </summary>
public sealed unsafe class PeakLoop : IDisposable
{
    private const int Accumulators = 28, Operand = 30, Iterations = 1 << 14;
    private readonly ExecutableMemory _code;

    private PeakLoop(DotType type, ExecutableMemory code)
    {
        _code = code;
        var products = type switch { DotType.Int8 => 4, DotType.Float => 1, _ => 2 };
        Operations = 2.0 * products * MicroTile.Lanes * Accumulators * Iterations;
    }

    /// <summary>Types that have a loop: int8, fp32, bf16.</summary>
    public static IReadOnlyList<string> Types { get; } = ["int8", "fp32", "bf16"];

    /// <summary>Operations of a run; a multiply-accumulate counts as two.</summary>
    public double Operations { get; }

    /// <summary>Assembles a type's loop.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="missing">Why there is none; null where there is.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static PeakLoop? TryOpen(string type, out string? missing)
    {
        var dot = type switch
        {
            "int8" => DotType.Int8,
            "fp32" => DotType.Float,
            "bf16" => DotType.Bfloat16,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"expected one of {string.Join(", ", Types)}"),
        };
        missing = GeneratedKernels.Missing(dot);
        if (missing is not null)
            return null;
        try
        {
            return new PeakLoop(dot, ExecutableMemory.Load(Assemble(dot)));
        }
        catch (Win32Exception e)
        {
            missing = $"this host forbids executable memory: {e.Message}";
            return null;
        }
    }

    /// <summary>Runs the loop: some hundred microseconds.</summary>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_code.IsClosed, this);
        ((delegate* unmanaged<void>)_code.Address)();
    }

    /// <inheritdoc/>
    public void Dispose() => _code.Dispose();

    private static byte[] Assemble(DotType type)
    {
        var e = new Assembler(64);
        static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);
        for (var i = 0; i <= Operand; i++)
            e.vpxord(Zmm(i), Zmm(i), Zmm(i));
        e.mov(rax, Iterations);
        var loop = e.CreateLabel();
        e.Label(ref loop);
        for (var i = 0; i < Accumulators; i++)
            MicroAssembler.Dot(e, type, Zmm(i), Zmm(Operand), Zmm(Operand));
        e.dec(rax);
        e.jnz(loop);
        e.vzeroupper();
        e.ret();
        using var stream = new MemoryStream();
        e.Assemble(new StreamCodeWriter(stream), rip: 0);
        return stream.ToArray();
    }
}
