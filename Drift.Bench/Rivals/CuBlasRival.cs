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

/// <summary>cuBLAS's product of INT8 into INT32, which is exact.</summary>
/// <param name="queue">The device.</param>
/// <param name="find">Finds the library.</param>
internal sealed class CuBlasInt8(ICudaDevice queue, FindCuBlas find) : IRival<sbyte, int>
{
    /// <inheritdoc/>
    public string Name => "cuBLAS GemmEx";

    /// <inheritdoc/>
    public string? Missing() => find(out var missing) is null ? missing : null;

    /// <inheritdoc/>
    public IProduct<int> Open(Operands<sbyte> operands, int threads) => new Product(queue, new CuBlas(queue, CuBlas.Required(find, Name), Name, "cublasGemmEx"), operands, Name);

    private sealed unsafe class Product : CudaProduct<sbyte, int>
    {
        private readonly CuBlas _blas;
        private readonly delegate* unmanaged<nint, int, int, int, int, int, int*, nint, int, int, nint, int, int, int*, nint, int, int, int, int, int> _multiply;

        public Product(ICudaDevice queue, CuBlas blas, Operands<sbyte> operands, string name)
            : base(name, queue, blas, operands, CuBlas.Int8Unit)
        {
            _blas = blas;
            _multiply = (delegate* unmanaged<nint, int, int, int, int, int, int*, nint, int, int, nint, int, int, int*, nint, int, int, int, int, int>)blas.Multiply;
        }

        protected override void Multiply()
        {
            var (m, n, k) = Padding;
            int one = 1, zero = 0;
            _blas.Require(
                _multiply(_blas.Handle, CuBlas.Transposed, CuBlas.AsItIs, n, m, k, &one, W.Address, CuBlas.Signed8, k, A.Address, CuBlas.Signed8, k, &zero, C.Address, CuBlas.Signed32, n,
                    CuBlas.Sum32, CuBlas.OwnChoice),
                "cublasGemmEx");
        }
    }
}

/// <summary>cuBLAS's product of fp16 into fp32, summed in fp32.</summary>
/// <param name="queue">The device.</param>
/// <param name="find">Finds the library.</param>
internal sealed class CuBlasHalf(ICudaDevice queue, FindCuBlas find) : IRival<Half, float>
{
    /// <inheritdoc/>
    public string Name => "cuBLAS GemmEx";

    /// <inheritdoc/>
    public string? Missing() => find(out var missing) is null ? missing : null;

    /// <inheritdoc/>
    public IProduct<float> Open(Operands<Half> operands, int threads) => new Product(queue, new CuBlas(queue, CuBlas.Required(find, Name), Name, "cublasGemmEx"), operands, Name);

    private sealed unsafe class Product : CudaProduct<Half, float>
    {
        private readonly CuBlas _blas;
        private readonly delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int, int> _multiply;

        public Product(ICudaDevice queue, CuBlas blas, Operands<Half> operands, string name)
            : base(name, queue, blas, operands, CuBlas.HalfUnit)
        {
            _blas = blas;
            _multiply = (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int, int>)blas.Multiply;
        }

        protected override void Multiply()
        {
            var (m, n, k) = Padding;
            float one = 1, zero = 0;
            _blas.Require(
                _multiply(_blas.Handle, CuBlas.Transposed, CuBlas.AsItIs, n, m, k, &one, W.Address, CuBlas.Half, k, A.Address, CuBlas.Half, k, &zero, C.Address, CuBlas.Single, n,
                    CuBlas.SumSingle, CuBlas.OwnChoice),
                "cublasGemmEx");
        }
    }
}
