using System.Runtime.InteropServices;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>
/// A product of NVIDIA's libraries, on our kernels' queue and with its operands on the device. The libraries count columns first: C [M, N] row-major is their C^T [N, M], A [M, K] their [K, M] and W [N, K]
/// their [K, N], each with its row's length as leading dimension; so C = A W^T is their C^T = op(W) op(A) with W transposed and A not: TN, the one form that INT8 has.
/// </summary>
internal abstract class CudaProduct<TIn, TOut> : IProduct<TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    private readonly IDisposable _library;
    private readonly GemmShape _shape;
    private readonly TOut[] _output;

    /// <summary>Sends the operands.</summary>
    /// <param name="name">As tables have it.</param>
    /// <param name="queue">The device.</param>
    /// <param name="library">What multiplies; disposed with the product, or here where this throws.</param>
    /// <param name="operands">What to multiply.</param>
    /// <param name="unit">M, N and K are padded to multiples of this, with zeros.</param>
    protected unsafe CudaProduct(string name, ICudaDevice queue, IDisposable library, Operands<TIn> operands, int unit)
    {
        (Name, Queue, _library, _shape) = (name, queue, library, operands.Shape);
        Padding = CuBlas.Padded(_shape, unit);
        var memory = new List<ICudaMemory>();
        try
        {
            _output = new TOut[Padding.M * Padding.N];
            // What is not written would be seen: each is a NaN, or -1.
            MemoryMarshal.AsBytes(_output.AsSpan()).Fill(0xff);
            ICudaMemory Take(int values, int size)
            {
                memory.Add(queue.Allocate(checked(values * size)));
                return memory[^1];
            }

            A = Take(Padding.M * Padding.K, sizeof(TIn));
            W = Take(Padding.N * Padding.K, sizeof(TIn));
            C = Take(_output.Length, sizeof(TOut));
            Send(operands.Activations.Span, _shape.M, Padding.M, A);
            Send(operands.Weights.Span, _shape.N, Padding.N, W);
            C.Write(MemoryMarshal.AsBytes<TOut>(_output));
        }
        catch
        {
            memory.ForEach(taken => taken.Dispose());
            library.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The device.</summary>
    protected ICudaDevice Queue { get; }

    /// <summary>M, N and K with padding.</summary>
    protected GemmShape Padding { get; }

    /// <summary>A [M, K], W [N, K] and C [M, N], row-major, with padding.</summary>
    protected ICudaMemory A { get; }

    /// <inheritdoc cref="A"/>
    protected ICudaMemory W { get; }

    /// <inheritdoc cref="A"/>
    protected ICudaMemory C { get; }

    /// <inheritdoc/>
    public void Run() => Repeat(1);

    /// <inheritdoc/>
    public void Repeat(int times)
    {
        Queue.Use(() =>
        {
            for (var i = 0; i < times; i++)
                Multiply();
        });
        Queue.Wait();
    }

    /// <inheritdoc/>
    public ReadOnlySpan<TOut> Row(int row)
    {
        // All at once, when the first row is asked for.
        if (row == 0)
            C.Read(MemoryMarshal.AsBytes(_output.AsSpan()));
        return _output.AsSpan(row * Padding.N, _shape.N);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _library.Dispose();
        foreach (var memory in (ReadOnlySpan<ICudaMemory>)[A, W, C])
            memory.Dispose();
    }

    /// <summary>Queues one product; called while the context is this thread's.</summary>
    protected abstract void Multiply();

    private void Send(ReadOnlySpan<TIn> values, int lines, int paddedLines, ICudaMemory target)
    {
        if (_shape == Padding)
        {
            target.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        var padded = new TIn[paddedLines * Padding.K];
        for (var line = 0; line < lines; line++)
            values.Slice(line * _shape.K, _shape.K).CopyTo(padded.AsSpan(line * Padding.K));
        target.Write(MemoryMarshal.AsBytes<TIn>(padded));
    }
}
