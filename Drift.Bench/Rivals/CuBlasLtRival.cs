using System.Runtime.InteropServices;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>cublasLt's product of INT8 into INT32, by the algorithm that its heuristic ranks first.</summary>
/// <param name="queue">The device.</param>
/// <param name="find">Finds the library.</param>
internal sealed class CuBlasLtInt8(ICudaDevice queue, FindCuBlas find) : IRival<sbyte, int>
{
    /// <inheritdoc/>
    public string Name => "cublasLt matmul";

    /// <inheritdoc/>
    public string? Missing() => find(out var missing) is not { } library ? missing : library.Light is null ? $"libcublasLt is not beside libcublas; set {CuBlasLibrary.Variable} to a folder of both" : null;

    /// <inheritdoc/>
    public IProduct<int> Open(Operands<sbyte> operands, int threads) => Open(operands, CuBlas.Padded(operands.Shape, CuBlas.Int8Unit));

    private Product Open(Operands<sbyte> operands, GemmShape padded) =>
        new(queue, new CuBlasLt(queue, CuBlas.Required(find, Name).Light ?? throw new UserErrorException($"{Name}: {Missing()}"), Name, padded), operands, Name);

    private sealed class Product(ICudaDevice queue, CuBlasLt library, Operands<sbyte> operands, string name) : CudaProduct<sbyte, int>(name, queue, library, operands, CuBlas.Int8Unit)
    {
        protected override void Multiply() => library.Multiply(A.Address, W.Address, C.Address);
    }
}

/// <summary>A handle of cublasLt, and the plan of one product.</summary>
internal sealed unsafe class CuBlasLt : IDisposable
{
    // Values of cublasLtMatmulDescAttributes_t and cublasLtMatmulPreferenceAttributes_t in cublasLt.h; the workspace that NVIDIA advises for Hopper.
    private const int OperationOfFirst = 3, OperationOfSecond = 4, MostWorkspace = 1, WorkspaceBytes = 32 << 20;

    private readonly ICudaDevice _queue;
    private readonly Func<string, nint> _functions;
    private readonly string _name;
    private readonly ICudaMemory _workspace;
    private readonly delegate* unmanaged<nint, nint, int*, nint, nint, nint, nint, int*, nint, nint, nint, nint, Suggestion*, nint, nuint, nint, int> _multiply;
    private readonly List<(string Destroy, nint Object)> _objects = [];
    private nint _handle, _product, _w, _a, _c;
    private Suggestion _suggestion;

    /// <summary>Opens one.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="functions">The library's functions.</param>
    /// <param name="name">The rival's, for what is said where a call fails.</param>
    /// <param name="shape">M, N and K, as <see cref="CudaProduct{TIn, TOut}"/> pads them.</param>
    /// <exception cref="RivalRefusalException">It has no algorithm for the product, or too little memory.</exception>
    /// <exception cref="UserErrorException">It does not open.</exception>
    public CuBlasLt(ICudaDevice queue, Func<string, nint> functions, string name, GemmShape shape)
    {
        (_queue, _functions, _name) = (queue, functions, name);
        _multiply = (delegate* unmanaged<nint, nint, int*, nint, nint, nint, nint, int*, nint, nint, nint, nint, Suggestion*, nint, nuint, nint, int>)functions("cublasLtMatmul");
        _workspace = queue.Allocate(WorkspaceBytes);
        try
        {
            queue.Use(() =>
            {
                _handle = Made("cublasLtDestroy", made => CuBlas.Require(((delegate* unmanaged<nint*, int>)functions("cublasLtCreate"))((nint*)made), "cublasLtCreate", name));
                Plan(shape);
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Queues C = A W^T; called while the context is this thread's.</summary>
    /// <param name="a">Where A stands.</param>
    /// <param name="w">Where W stands.</param>
    /// <param name="c">Where C goes.</param>
    public void Multiply(nint a, nint w, nint c)
    {
        int one = 1, zero = 0;
        // The algorithm is the suggestion's first member.
        fixed (Suggestion* suggestion = &_suggestion)
            Require(_multiply(_handle, _product, &one, w, _w, a, _a, &zero, c, _c, c, _c, suggestion, _workspace.Address, WorkspaceBytes, _queue.Stream), "cublasLtMatmul");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Use(() =>
        {
            foreach (var (destroy, made) in _objects.AsEnumerable().Reverse())
                _ = ((delegate* unmanaged<nint, int>)_functions(destroy))(made);
        });
        _objects.Clear();
        _workspace.Dispose();
    }

    private void Plan(GemmShape shape)
    {
        var (m, n, k) = shape;
        _product = Made("cublasLtMatmulDescDestroy", made => Require(
            ((delegate* unmanaged<nint*, int, int, int>)_functions("cublasLtMatmulDescCreate"))((nint*)made, CuBlas.Sum32, CuBlas.Signed32), "cublasLtMatmulDescCreate"));
        var set = (delegate* unmanaged<nint, int, void*, nuint, int>)_functions("cublasLtMatmulDescSetAttribute");
        int transposed = CuBlas.Transposed, asItIs = CuBlas.AsItIs;
        Require(set(_product, OperationOfFirst, &transposed, sizeof(int)), "cublasLtMatmulDescSetAttribute");
        Require(set(_product, OperationOfSecond, &asItIs, sizeof(int)), "cublasLtMatmulDescSetAttribute");
        _w = Layout(CuBlas.Signed8, k, n);
        _a = Layout(CuBlas.Signed8, k, m);
        _c = Layout(CuBlas.Signed32, n, m);
        var preference = Made("cublasLtMatmulPreferenceDestroy", made => Require(
            ((delegate* unmanaged<nint*, int>)_functions("cublasLtMatmulPreferenceCreate"))((nint*)made), "cublasLtMatmulPreferenceCreate"));
        ulong most = WorkspaceBytes;
        Require(((delegate* unmanaged<nint, int, void*, nuint, int>)_functions("cublasLtMatmulPreferenceSetAttribute"))(preference, MostWorkspace, &most, sizeof(ulong)), "cublasLtMatmulPreferenceSetAttribute");
        Suggestion suggestion = default;
        var found = 0;
        Require(
            ((delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, Suggestion*, int*, int>)_functions("cublasLtMatmulAlgoGetHeuristic"))(
                _handle, _product, _w, _a, _c, _c, preference, 1, &suggestion, &found),
            "cublasLtMatmulAlgoGetHeuristic");
        Require(found == 0 ? CuBlas.NotSupported : suggestion.State, "cublasLtMatmulAlgoGetHeuristic");
        _suggestion = suggestion;
    }

    private nint Layout(int type, int rows, int columns) => Made("cublasLtMatrixLayoutDestroy", made => Require(
        ((delegate* unmanaged<nint*, int, ulong, ulong, long, int>)_functions("cublasLtMatrixLayoutCreate"))((nint*)made, type, (ulong)rows, (ulong)columns, rows), "cublasLtMatrixLayoutCreate"));

    /// <summary>An object of the library, destroyed with this.</summary>
    private nint Made(string destroy, Action<nint> create)
    {
        nint made = 0;
        create((nint)(&made));
        _objects.Add((destroy, made));
        return made;
    }

    private void Require(int status, string call) => CuBlas.Require(status, call, _name);

    /// <summary>cublasLtMatmulHeuristicResult_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Suggestion
    {
        public fixed ulong Algorithm[8];
        public nuint Workspace;
        public int State;
        public float Waves;
        public fixed int Reserved[4];
    }
}
