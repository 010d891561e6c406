using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>OpenBLAS's cblas_sgemm, as the system has it.</summary>
internal sealed unsafe class OpenBlasRival : IRival<float, float>
{
    // Values of CBLAS_ORDER and CBLAS_TRANSPOSE in cblas.h.
    private const int RowMajor = 101, NoTranspose = 111;

    private static readonly string[] LibraryNames = ["libopenblas.so.0", "libopenblas", "openblas"];

    /// <summary>Variables that slow OpenBLAS down: the first chooses other kernels than the processor's, the second other block sizes.</summary>
    private static readonly string[] Hindrances = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

    /// <inheritdoc/>
    public string Name => "OpenBLAS sgemm";

    /// <summary>A line for each variable that makes it slower than it is. It reads them when it is loaded, so they cannot be mended from here.</summary>
    /// <param name="environment">Reads a variable.</param>
    public static IEnumerable<string> Warnings(Func<string, string?> environment) =>
        from name in Hindrances
        let value = environment(name)
        where value is not null
        select $"{name}={value} slows OpenBLAS: its numbers below are not its best; unset it and run again";

    /// <inheritdoc/>
    public string? Missing() => Load() == 0 ? "no libopenblas here; apt-get install libopenblas0" : null;

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads)
    {
        var library = Load();
        return new Product(operands, threads, Name,
            (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads"),
            (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)NativeLibrary.GetExport(library, "cblas_sgemm"));
    }

    private static nint Load()
    {
        foreach (var name in LibraryNames)
        {
            if (NativeLibrary.TryLoad(name, out var library))
                return library;
        }

        return 0;
    }

    private sealed class Product : IProduct<float>
    {
        private readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _multiply;
        private readonly Operands<float> _operands;
        private readonly AlignedBuffer<float> _weights, _output;

        public Product(Operands<float> operands, int threads, string name, delegate* unmanaged<int, void> setThreads,
            delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> multiply)
        {
            (Name, _operands) = (name, operands);
            _multiply = multiply;
            var (m, n, k) = operands.Shape;
            (_weights, _output) = (new(n * k), new(m * n));
            // Not transposed is the form that it packs fastest.
            operands.TransposedWeights().CopyTo(_weights.Span);
            setThreads(threads);
        }

        public string Name { get; }

        public void Run()
        {
            var (m, n, k) = _operands.Shape;
            _multiply(RowMajor, NoTranspose, NoTranspose, m, n, k, 1, _operands.Activations.Pointer, k, _weights.Pointer, n, 0, _output.Pointer, n);
        }

        public ReadOnlySpan<float> Row(int row) => _output.Span.Slice(row * _operands.Shape.N, _operands.Shape.N);

        public void Dispose()
        {
            _weights.Dispose();
            _output.Dispose();
        }
    }
}
