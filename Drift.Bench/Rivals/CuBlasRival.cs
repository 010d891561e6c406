using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>cuBLAS's sgemm in true fp32, as it is by default: no TF32.</summary>
/// <param name="queue">The device.</param>
/// <param name="find">Finds the library.</param>
internal sealed class CuBlasFloat(ICudaDevice queue, FindCuBlas find) : IRival<float, float>
{
    /// <inheritdoc/>
    public string Name => "cuBLAS sgemm";

    /// <inheritdoc/>
    public string? Missing() => find(out var missing) is null ? missing : null;

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<float> operands, int threads) => new Product(queue, new CuBlas(queue, CuBlas.Required(find, Name), Name, "cublasSgemm_v2"), operands, Name);

    private sealed unsafe class Product : CudaProduct<float, float>
    {
        private readonly CuBlas _blas;
        private readonly delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int, int> _multiply;

        public Product(ICudaDevice queue, CuBlas blas, Operands<float> operands, string name)
            : base(name, queue, blas, operands, 1)
        {
            _blas = blas;
            _multiply = (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int, int>)blas.Multiply;
        }

        protected override void Multiply()
        {
            var (m, n, k) = Padding;
            float one = 1, zero = 0;
            _blas.Require(_multiply(_blas.Handle, CuBlas.Transposed, CuBlas.AsItIs, n, m, k, &one, W.Address, k, A.Address, k, &zero, C.Address, n), "cublasSgemm");
        }
    }
}

/// <summary>cuBLAS's products of other types than fp32.</summary>
internal static class CuBlasGemmEx
{
    /// <summary>INT8 into INT32, which is exact.</summary>
    public static IRival<sbyte, int> Int8(ICudaDevice queue, FindCuBlas find) => new CuBlasGemmEx<sbyte, int>(queue, find, CuBlas.Signed8, CuBlas.Signed32, CuBlas.Sum32, CuBlas.Int8Unit);

    /// <summary>fp16 into fp32, summed in fp32.</summary>
    public static IRival<Half, float> Halves(ICudaDevice queue, FindCuBlas find) => new CuBlasGemmEx<Half, float>(queue, find, CuBlas.Half, CuBlas.Single, CuBlas.SumSingle, CuBlas.HalfUnit);
}

/// <summary>cuBLAS's cublasGemmEx by its own choice of algorithm.</summary>
/// <param name="queue">The device.</param>
/// <param name="find">Finds the library.</param>
/// <param name="operand">cudaDataType_t of A and W.</param>
/// <param name="result">cudaDataType_t of C.</param>
/// <param name="sum">cublasComputeType_t, whose scale is a <typeparamref name="TOut"/>.</param>
/// <param name="unit">M, N and K are padded to multiples of this.</param>
internal sealed class CuBlasGemmEx<TIn, TOut>(ICudaDevice queue, FindCuBlas find, int operand, int result, int sum, int unit) : IRival<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged, INumber<TOut>
{
    /// <inheritdoc/>
    public string Name => "cuBLAS GemmEx";

    /// <inheritdoc/>
    public string? Missing() => find(out var missing) is null ? missing : null;

    /// <inheritdoc/>
    public IProduct<TOut> Open(Operands<TIn> operands, int threads) =>
        new Product(queue, new CuBlas(queue, CuBlas.Required(find, Name), Name, "cublasGemmEx"), operands, Name, (operand, result, sum, unit));

    private sealed unsafe class Product : CudaProduct<TIn, TOut>
    {
        private readonly CuBlas _blas;
        private readonly (int Operand, int Result, int Sum, int Unit) _form;
        private readonly delegate* unmanaged<nint, int, int, int, int, int, void*, nint, int, int, nint, int, int, void*, nint, int, int, int, int, int> _multiply;

        public Product(ICudaDevice queue, CuBlas blas, Operands<TIn> operands, string name, (int Operand, int Result, int Sum, int Unit) form)
            : base(name, queue, blas, operands, form.Unit)
        {
            (_blas, _form) = (blas, form);
            _multiply = (delegate* unmanaged<nint, int, int, int, int, int, void*, nint, int, int, nint, int, int, void*, nint, int, int, int, int, int>)blas.Multiply;
        }

        protected override void Multiply()
        {
            var (m, n, k) = Padding;
            TOut one = TOut.One, zero = TOut.Zero;
            _blas.Require(
                _multiply(_blas.Handle, CuBlas.Transposed, CuBlas.AsItIs, n, m, k, &one, W.Address, _form.Operand, k, A.Address, _form.Operand, k, &zero, C.Address, _form.Result, n, _form.Sum, CuBlas.OwnChoice),
                "cublasGemmEx");
        }
    }
}
