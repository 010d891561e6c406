using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>
/// libtorch's addmm, through the C functions of TorchSharp's native half (0.107.0), as <c>eng/torch-cpu.sh</c> puts it in a folder. Neither is among this project's packages: together they are half a
/// gigabyte, and they need a newer C++ library than Debian 12 has.
/// </summary>
internal sealed unsafe class TorchRival : IRival<float, float>
{
    /// <summary>Environment variable: the folder of both libraries.</summary>
    public const string Variable = "DRIFT_TORCH";

    private const string LibraryName = "libLibTorchSharp.so";

    // Values of c10::ScalarType and c10::DeviceType; a CPU has no index.
    private const sbyte Float32 = 6;
    private const int Cpu = 0, NoIndex = -1;

    /// <inheritdoc/>
    public string Name => "libtorch addmm";

    /// <inheritdoc/>
    public string? Missing()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
            return $"{Variable} names no folder; eng/torch-cpu.sh makes one and runs this in it";
        try
        {
            NativeLibrary.Load(Path.Combine(folder, LibraryName));
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return $"{Variable}={folder}: {e.Message}";
        }
    }

    /// <summary>The native half, where <see cref="Missing"/> finds it.</summary>
    public static nint Load() => NativeLibrary.Load(Path.Combine(Environment.GetEnvironmentVariable(Variable)!, LibraryName));

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads) =>
        new Product(operands, threads, Name, Load());

    private sealed class Product : IProduct<float>
    {
        private readonly AlignedBuffer<float> _weights, _output;
        private readonly int _n;
        private readonly nint _a, _w, _c;
        private readonly delegate* unmanaged<nint, nint, nint, float, float, void> _multiply;
        private readonly delegate* unmanaged<nint, void> _release;

        public Product(Operands<float> operands, int threads, string name, nint library)
        {
            var (m, n, k) = operands.Shape;
            (Name, _n, _weights, _output) = (name, n, new(n * k), new(m * n));
            operands.TransposedWeights().CopyTo(_weights.Span);
            _multiply = (delegate* unmanaged<nint, nint, nint, float, float, void>)NativeLibrary.GetExport(library, "THSTensor_addmm_");
            _release = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "THSTensor_dispose");
            ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "THSTorch_set_num_threads"))(threads);
            var make = (delegate* unmanaged<void*, delegate* unmanaged<void*, void>, long*, int, sbyte, sbyte, int, int, byte, nint>)NativeLibrary.GetExport(library, "THSTensor_new");
            nint Tensor(float* values, long rows, long columns)
            {
                var sizes = stackalloc long[] { rows, columns };
                return make(values, &Keep, sizes, 2, Float32, Float32, Cpu, NoIndex, 0);
            }

            _a = Tensor(operands.Activations.Pointer, m, k);
            _w = Tensor(_weights.Pointer, k, n);
            _c = Tensor(_output.Pointer, m, n);
        }

        public string Name { get; }

        // In place with beta 0: nothing is read of C and nothing allocated.
        public void Run() => _multiply(_c, _a, _w, 0, 1);

        public ReadOnlySpan<float> Row(int row) => _output.Span.Slice(row * _n, _n);

        public void Dispose()
        {
            _release(_a);
            _release(_w);
            _release(_c);
            _weights.Dispose();
            _output.Dispose();
        }

        /// <summary>The memory is ours.</summary>
        [UnmanagedCallersOnly]
        private static void Keep(void* memory)
        {
        }
    }
}
