using System.ComponentModel;

namespace Drift.Kernels;

/// <summary>
/// The micro-kernels of the float types. Generated code where the machine runs it, else 512-bit operations that narrower hosts execute in pieces. They live as long as the process.
/// </summary>
internal static class FloatKernels
{
    private static readonly Lazy<(MicroKernel Kernel, string? Why)> Fp32 = new(() => Open(DotType.Float)), Bf16 = new(() => Open(DotType.Bfloat16));

    /// <summary>fp32.</summary>
    public static MicroKernel Float => Fp32.Value.Kernel;

    /// <summary>A type's kernel.</summary>
    public static MicroKernel Of(DotType type) => Choice(type).Kernel;

    /// <summary>A type's kernel, and why it is not the generated one; null where it is.</summary>
    public static (MicroKernel Kernel, string? Why) Choice(DotType type) => type == DotType.Bfloat16 ? Bf16.Value : Fp32.Value;

    /// <summary>A kernel that calls no generated code: the second entry of every float type.</summary>
    public static MicroKernel Portable(DotType type) => type switch
    {
        DotType.Float => new VectorFloatKernel(),
        DotType.Bfloat16 => new VectorBfloat16Kernel(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no float type"),
    };

    /// <summary>The fastest kernel that runs here; the environment's instruction path may ask for one without generated code.</summary>
    /// <param name="type">A float type.</param>
    private static (MicroKernel Kernel, string? Why) Open(DotType type)
    {
        var forced = Environment.GetEnvironmentVariable(Int8Kernels.Variable);
        var why = forced is not null and not Int8Kernels.Generated ? $"{Int8Kernels.Variable}={forced}" : GeneratedKernels.Missing(type);
        if (why is null)
        {
            try
            {
                return (new GeneratedFloatKernel(type), null);
            }
            catch (Win32Exception e)
            {
                why = $"this host forbids executable memory: {e.Message}";
            }
        }

        return (Portable(type), why);
    }
}

/// <summary>A float type's generated micro-kernels.</summary>
/// <param name="type">fp32 or bf16.</param>
/// <exception cref="Win32Exception">The host forbids executable memory.</exception>
internal sealed unsafe class GeneratedFloatKernel(DotType type) : MicroKernel
{
    private readonly GeneratedKernels _generated = new(type);

    /// <inheritdoc/>
    public override string Name => type == DotType.Float ? "avx512-fma" : "avx512-bf16";

    /// <inheritdoc/>
    public override int Rows => MicroTile.MostRows;

    /// <inheritdoc/>
    public override int Columns => MicroTile.Columns;

    /// <inheritdoc/>
    public override int NarrowColumns => MicroTile.Columns;

    /// <inheritdoc/>
    public override int Depth => type == DotType.Float ? 1 : 2;

    /// <inheritdoc/>
    public override int RowGroupBytes => MicroTile.GroupBytes;

    /// <inheritdoc/>
    public override bool TakesCheckRows => MicroTile.CheckRowsOf(type) > 0;

    /// <inheritdoc/>
    public override bool CrossesTiles => true;

    /// <inheritdoc/>
    public override void Run(TileCall* call, int rows, int vectors, bool sums, bool check, int above) => _generated.Run(call, rows, vectors, sums, check, above);

    /// <inheritdoc/>
    public override bool TakesPairs => type == DotType.Float;

    /// <inheritdoc/>
    public override void RunPairs(TileCall* call, int rows) => _generated.Run(call, new MicroTile(type, rows, 1, false, false, Paired: true));

    /// <inheritdoc/>
    public override void Dispose()
    {
        _generated.Dispose();
        base.Dispose();
    }
}
