using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Drift.Kernels;

namespace Drift.Tests.Bench;

/// <summary>A stand-in for a CUDA device: its memory is the host's, and what is queued is done at once.</summary>
internal sealed unsafe class HostCuda : ICudaDevice
{
    public const nint OwnStream = 77;

    public int Held { get; private set; }

    public int Waits { get; private set; }

    public int Bound { get; private set; }

    public string Version => "0.0";

    public nint Stream { get; init; } = OwnStream;

    public void Use(Action work)
    {
        Bound++;
        work();
    }

    public void Wait() => Waits++;

    public ICudaMemory Allocate(int bytes)
    {
        Held++;
        return new Memory(this, bytes);
    }

    private sealed class Memory(HostCuda owner, int bytes) : ICudaMemory
    {
        public nint Address { get; private set; } = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 256);

        public void Write(ReadOnlySpan<byte> from) => from.CopyTo(new Span<byte>((void*)Address, bytes));

        public void Read(Span<byte> to) => new ReadOnlySpan<byte>((void*)Address, bytes)[..to.Length].CopyTo(to);

        public void Dispose()
        {
            owner.Held--;
            NativeMemory.AlignedFree((void*)Address);
        }
    }
}

/// <summary>
/// The contract of cuBLAS, from its documentation, in plain loops: C [m, n] = alpha op(A) [m, k] op(B) [k, n] + beta C, columns first, each with its leading dimension. INT8 in TN form only, with leading dimensions
/// that are multiples of 4, as NVIDIA requires of IMMA. Statuses are cuBLAS's.
/// </summary>
internal static unsafe class ColumnMajorBlas
{
    private const int Success = 0, InvalidValue = 7, NotSupported = 15;
    private const nint OwnHandle = 4711;

    public static nint Function(string name) => name switch
    {
        "cublasCreate_v2" => (nint)(delegate* unmanaged<nint*, int>)&Create,
        "cublasDestroy_v2" => (nint)(delegate* unmanaged<nint, int>)&Destroy,
        "cublasSetStream_v2" => (nint)(delegate* unmanaged<nint, nint, int>)&SetStream,
        "cublasGetProperty" => (nint)(delegate* unmanaged<int, int*, int>)&GetProperty,
        "cublasSgemm_v2" => (nint)(delegate* unmanaged<nint, int, int, int, int, int, float*, float*, int, float*, int, float*, float*, int, int>)&Sgemm,
        "cublasGemmEx" => (nint)(delegate* unmanaged<nint, int, int, int, int, int, void*, void*, int, int, void*, int, int, void*, void*, int, int, int, int, int>)&GemmEx,
        _ => throw new EntryPointNotFoundException(name),
    };

    [UnmanagedCallersOnly]
    private static int Create(nint* handle)
    {
        *handle = OwnHandle;
        return Success;
    }

    [UnmanagedCallersOnly]
    private static int Destroy(nint handle) => handle == OwnHandle ? Success : 1;

    [UnmanagedCallersOnly]
    private static int SetStream(nint handle, nint stream) => handle == OwnHandle && stream == HostCuda.OwnStream ? Success : InvalidValue;

    [UnmanagedCallersOnly]
    private static int GetProperty(int type, int* value)
    {
        *value = 10 + type;
        return type is >= 0 and <= 2 ? Success : InvalidValue;
    }

    [UnmanagedCallersOnly]
    private static int Sgemm(nint handle, int opA, int opB, int m, int n, int k, float* alpha, float* a, int lda, float* b, int ldb, float* beta, float* c, int ldc)
    {
        if (handle != OwnHandle || lda < (opA == 0 ? m : k) || ldb < (opB == 0 ? k : n) || ldc < m)
            return InvalidValue;
        for (var j = 0; j < n; j++)
        {
            for (var i = 0; i < m; i++)
            {
                var sum = 0.0;
                for (var p = 0; p < k; p++)
                    sum += (double)(opA == 0 ? a[p * lda + i] : a[i * lda + p]) * (opB == 0 ? b[j * ldb + p] : b[p * ldb + j]);
                ref var value = ref c[j * ldc + i];
                value = (float)(*alpha * sum + (*beta == 0 ? 0 : *beta * value));
            }
        }

        return Success;
    }

    [UnmanagedCallersOnly]
    private static int GemmEx(nint handle, int opA, int opB, int m, int n, int k, void* alpha, void* a, int typeA, int lda, void* b, int typeB, int ldb, void* beta, void* c, int typeC, int ldc,
        int compute, int algorithm)
    {
        // CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT.
        if (handle == OwnHandle && (typeA, typeB, typeC, compute, algorithm) == (2, 2, 0, 68, -1) && (opA, opB) == (1, 0))
            return Halves(m, n, k, *(float*)alpha, (Half*)a, lda, (Half*)b, ldb, *(float*)beta, (float*)c, ldc);

        // CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT.
        if (handle != OwnHandle || (typeA, typeB, typeC, compute, algorithm) != (3, 3, 10, 72, -1))
            return InvalidValue;
        if ((opA, opB) != (1, 0) || lda % 4 != 0 || ldb % 4 != 0 || ldc % 4 != 0 || m % 4 != 0 || k % 4 != 0)
            return NotSupported;
        return Tn(m, n, k, *(int*)alpha, (sbyte*)a, lda, (sbyte*)b, ldb, *(int*)beta, (int*)c, ldc);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Halves(int m, int n, int k, float alpha, Half* a, int lda, Half* b, int ldb, float beta, float* c, int ldc)
    {
        if (lda < k || ldb < k || ldc < m || (alpha, beta) != (1, 0))
            return InvalidValue;
        for (var j = 0; j < n; j++)
        {
            for (var i = 0; i < m; i++)
            {
                var sum = 0.0;
                for (var p = 0; p < k; p++)
                    sum += (double)a[i * lda + p] * (double)b[j * ldb + p];
                c[j * ldc + i] = (float)sum;
            }
        }

        return Success;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Tn(int m, int n, int k, int alpha, sbyte* a, int lda, sbyte* b, int ldb, int beta, int* c, int ldc)
    {
        if (lda < k || ldb < k || ldc < m || (alpha, beta) != (1, 0))
            return InvalidValue;
        for (var j = 0; j < n; j++)
        {
            for (var i = 0; i < m; i++)
            {
                var sum = 0;
                for (var p = 0; p < k; p++)
                    sum += a[i * lda + p] * b[j * ldb + p];
                c[j * ldc + i] = sum;
            }
        }

        return Success;
    }
}
