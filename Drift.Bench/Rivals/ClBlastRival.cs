using System.Runtime.InteropServices;

namespace Drift.Bench;

/// <summary>CLBlast's sgemm on the OpenCL device that ours runs on, with its operands there. Libraries are looked for when it is asked for, so none has to be installed.</summary>
internal sealed unsafe class ClBlastRival : IRival<float, float>
{
    // Values of CLBlastLayout and CLBlastTranspose in clblast_c.h, and of cl_device_type and cl_mem_flags in CL/cl.h.
    private const int RowMajor = 101, NoTranspose = 111;
    private const ulong AnyDevice = 0xFFFFFFFF, Gpu = 4, ReadWrite = 1;

    /// <inheritdoc/>
    public string Name => "CLBlast sgemm";

    /// <inheritdoc/>
    public string? Missing() => NativeLibrary.TryLoad("libclblast.so.1", out _) && NativeLibrary.TryLoad("libOpenCL.so.1", out _)
        ? null
        : "no libclblast here; apt-get install libclblast1";

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads) => new Product(operands, Name);

    private static void Require(int code, string what)
    {
        if (code != 0)
            throw new UserErrorException($"CLBlast sgemm: {what} failed with OpenCL's code {code}; expected the device that our product has just run on");
    }

    private sealed class Product : IProduct<float>
    {
        private readonly Operands<float> _operands;
        private readonly nint _context, _a, _w, _c;
        private readonly AlignedBuffer<float> _output;
        private readonly delegate* unmanaged<nint, int> _finish, _releaseBuffer, _releaseQueue, _releaseContext;
        private readonly delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> _read;
        private readonly delegate* unmanaged<int, int, int, nuint, nuint, nuint, float, nint, nuint, nuint, nint, nuint, nuint, float, nint, nuint, nuint, nint*, nint*, int> _multiply;
        private nint _queue;

        public Product(Operands<float> operands, string name)
        {
            (Name, _operands) = (name, operands);
            var (m, n, k) = operands.Shape;
            _output = new(m * n);
            nint cl = NativeLibrary.Load("libOpenCL.so.1"), blast = NativeLibrary.Load("libclblast.so.1");
            nint Of(string function) => NativeLibrary.GetExport(cl, function);
            _finish = (delegate* unmanaged<nint, int>)Of("clFinish");
            _releaseBuffer = (delegate* unmanaged<nint, int>)Of("clReleaseMemObject");
            _releaseQueue = (delegate* unmanaged<nint, int>)Of("clReleaseCommandQueue");
            _releaseContext = (delegate* unmanaged<nint, int>)Of("clReleaseContext");
            _read = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Of("clEnqueueReadBuffer");
            _multiply = (delegate* unmanaged<int, int, int, nuint, nuint, nuint, float, nint, nuint, nuint, nint, nuint, nuint, float, nint, nuint, nuint, nint*, nint*, int>)
                NativeLibrary.GetExport(blast, "CLBlastSgemm");
            var device = Device(Of);
            int code;
            _context = ((delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)Of("clCreateContext"))(null, 1, &device, 0, 0, &code);
            Require(code, "clCreateContext");
            _queue = ((delegate* unmanaged<nint, nint, nint*, int*, nint>)Of("clCreateCommandQueueWithProperties"))(_context, device, null, &code);
            Require(code, "clCreateCommandQueueWithProperties");
            nint Buffer(int values)
            {
                int status;
                var buffer = ((delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Of("clCreateBuffer"))(_context, ReadWrite, (nuint)values * sizeof(float), null, &status);
                Require(status, "clCreateBuffer");
                return buffer;
            }

            (_a, _w, _c) = (Buffer(m * k), Buffer(n * k), Buffer(m * n));
            var write = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Of("clEnqueueWriteBuffer");
            Require(write(_queue, _a, 1, 0, (nuint)(m * k * sizeof(float)), operands.Activations.Pointer, 0, null, null), "clEnqueueWriteBuffer");
            fixed (float* transposed = operands.TransposedWeights())
                Require(write(_queue, _w, 1, 0, (nuint)(n * k * sizeof(float)), transposed, 0, null, null), "clEnqueueWriteBuffer");
        }

        public string Name { get; }

        public void Run()
        {
            var (m, n, k) = _operands.Shape;
            fixed (nint* queue = &_queue)
            {
                Require(_multiply(RowMajor, NoTranspose, NoTranspose, (nuint)m, (nuint)n, (nuint)k, 1, _a, 0, (nuint)k, _w, 0, (nuint)n, 0, _c, 0, (nuint)n, queue, null), "CLBlastSgemm");
                Require(_finish(_queue), "clFinish");
            }
        }

        public ReadOnlySpan<float> Row(int row)
        {
            // All at once, when the first row is asked for.
            if (row == 0)
                Require(_read(_queue, _c, 1, 0, (nuint)_output.Span.Length * sizeof(float), _output.Pointer, 0, null, null), "clEnqueueReadBuffer");
            return _output.Span.Slice(row * _operands.Shape.N, _operands.Shape.N);
        }

        public void Dispose()
        {
            foreach (var buffer in (ReadOnlySpan<nint>)[_a, _w, _c])
                _ = _releaseBuffer(buffer);
            _ = _releaseQueue(_queue);
            _ = _releaseContext(_context);
            _output.Dispose();
        }

        /// <summary>The first GPU of the first platform that has one, else its first device: ILGPU's choice too.</summary>
        private static nint Device(Func<string, nint> of)
        {
            var platforms = (delegate* unmanaged<uint, nint*, uint*, int>)of("clGetPlatformIDs");
            var devices = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)of("clGetDeviceIDs");
            var found = stackalloc nint[16];
            uint count, here;
            Require(platforms(16, found, &count), "clGetPlatformIDs");
            nint device;
            foreach (var type in (ReadOnlySpan<ulong>)[Gpu, AnyDevice])
            {
                for (var i = 0; i < Math.Min(count, 16); i++)
                {
                    if (devices(found[i], type, 1, &device, &here) == 0 && here > 0)
                        return device;
                }
            }

            throw new UserErrorException("CLBlast sgemm: OpenCL offers no device");
        }
    }
}
