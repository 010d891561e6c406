using System.ComponentModel;

namespace Drift.Kernels;

/// <summary>
/// The micro-kernels of the float types. Generated code where the machine runs it, else 512-bit operations that narrower hosts execute in pieces. They live as long as the process.
/// </summary>
internal static class FloatKernels
{
    /// <summary>fp32.</summary>
    public static MicroKernel Float { get; } = Open(DotType.Float, out _);

    /// <summary>A kernel that calls no generated code: the second entry of every float type.</summary>
    public static MicroKernel Portable(DotType type) => type == DotType.Float ? new VectorFloatKernel() : throw new ArgumentOutOfRangeException(nameof(type), type, "no float type");

    /// <summary>The fastest kernel that runs here; the environment's instruction path may ask for one without generated code.</summary>
    /// <param name="type">A float type.</param>
    /// <param name="why">Null for generated code, else why there is none.</param>
    public static MicroKernel Open(DotType type, out string? why)
    {
        var forced = Environment.GetEnvironmentVariable(Int8Kernels.Variable);
        why = forced is not null and not Int8Kernels.Generated ? $"{Int8Kernels.Variable}={forced}" : GeneratedKernels.Missing(type);
        if (why is null)
        {
            try
            {
                return new GeneratedFloatKernel(type);
            }
            catch (Win32Exception e)
            {
                why = $"this host forbids executable memory: {e.Message}";
            }
        }

        return Portable(type);
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
    public override void Run(TileCall* call, int rows, int vectors, bool sums) => _generated.Run(call, rows, vectors, sums);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _generated.Dispose();
        base.Dispose();
    }
}
