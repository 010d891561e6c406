using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Finds cuBLAS.</summary>
/// <param name="missing">Why there is none, and what to install.</param>
/// <returns>Null where there is none.</returns>
internal delegate CuBlasLibrary? FindCuBlas(out string missing);

/// <summary>A handle of cuBLAS in the context and on the queue of our kernels.</summary>
internal sealed unsafe class CuBlas : IDisposable
{
    /// <summary>Values of cublasOperation_t in cublas_api.h.</summary>
    public const int AsItIs = 0, Transposed = 1;

    /// <summary>Values of cudaDataType_t in library_types.h.</summary>
    public const int Single = 0, Half = 2, Signed8 = 3, Signed32 = 10;

    /// <summary>CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32I and CUBLAS_GEMM_DEFAULT in cublas_api.h.</summary>
    public const int SumSingle = 68, Sum32 = 72, OwnChoice = -1;

    /// <summary>Leading dimensions of INT8 are multiples of 4; of 16, and rows stand on the boundaries that the fastest kernels want.</summary>
    public const int Int8Unit = 16;

    /// <summary>The same boundary in fp16.</summary>
    public const int HalfUnit = 8;

    /// <summary>CUBLAS_STATUS_ALLOC_FAILED and CUBLAS_STATUS_NOT_SUPPORTED in cublas_api.h.</summary>
    public const int OutOfMemory = 3, NotSupported = 15;

    private readonly ICudaDevice _queue;
    private readonly CuBlasLibrary _library;
    private readonly string _name;

    /// <summary>Opens one.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="library">The library.</param>
    /// <param name="name">The rival's, for what is said where a call fails.</param>
    /// <param name="multiply">The function that multiplies.</param>
    /// <exception cref="UserErrorException">It does not open.</exception>
    public CuBlas(ICudaDevice queue, CuBlasLibrary library, string name, string multiply)
    {
        (_queue, _library, _name) = (queue, library, name);
        // Found before anything is held.
        Multiply = library.Blas(multiply);
        try
        {
            queue.Use(() =>
            {
                nint handle;
                Require(((delegate* unmanaged<nint*, int>)library.Blas("cublasCreate_v2"))(&handle), "cublasCreate");
                Handle = handle;
                Require(((delegate* unmanaged<nint, nint, int>)library.Blas("cublasSetStream_v2"))(handle, queue.Stream), "cublasSetStream");
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The handle (cublasHandle_t).</summary>
    public nint Handle { get; private set; }

    /// <summary>Where the function that multiplies begins.</summary>
    public nint Multiply { get; }

    /// <summary>M, N and K, each the next multiple of a unit.</summary>
    /// <param name="shape">M, N and K.</param>
    /// <param name="unit">The unit, at least 1.</param>
    public static GemmShape Padded(GemmShape shape, int unit)
    {
        int Up(int extent) => (extent + unit - 1) / unit * unit;
        return new(Up(shape.M), Up(shape.N), Up(shape.K));
    }

    /// <summary>The library, where <see cref="IRival{TIn, TOut}.Missing"/> found one before.</summary>
    /// <exception cref="UserErrorException">It is gone.</exception>
    public static CuBlasLibrary Required(FindCuBlas find, string name) => find(out var missing) ?? throw new UserErrorException($"{name}: {missing}");

    /// <summary>Holds a call's status to success.</summary>
    /// <param name="status">A cublasStatus_t.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="RivalRefusalException">It is not supported for what was asked, or lacks memory.</exception>
    /// <exception cref="UserErrorException">It failed otherwise; the message has the status.</exception>
    public void Require(int status, string call) => Require(status, call, _name);

    /// <inheritdoc cref="Require(int, string)"/>
    public static void Require(int status, string call, string name)
    {
        if (status == 0)
            return;
        var said = $"{name}: {call} failed with cuBLAS's status {status}{Meaning(status)}";
        throw status is OutOfMemory or NotSupported ? new RivalRefusalException(said) : new UserErrorException($"{said}; expected the device that our product has just run on");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Handle == 0)
            return;
        _queue.Use(() => _ = ((delegate* unmanaged<nint, int>)_library.Blas("cublasDestroy_v2"))(Handle));
        Handle = 0;
    }

    // cublasStatus_t in cublas_api.h.
    private static string Meaning(int status) => status switch
    {
        1 => " (not initialised: does the library suit the driver?)",
        OutOfMemory => " (out of memory)",
        7 => " (invalid value)",
        8 => " (the device is too old)",
        13 => " (the kernel failed)",
        14 => " (internal error)",
        NotSupported => " (not supported)",
        _ => "",
    };
}
