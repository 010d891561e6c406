using System.Buffers;

namespace Drift.Kernels;

/// <summary>
/// fp32 convolution as an implicit product: blocks of windows are gathered into the second-level cache as the loops need them and never stand in memory as a whole. Every output is the
/// chain of fused multiply-adds that <see cref="ReferenceConvolution"/> has, so the bits depend on no block, layout or thread.
/// </summary>
public static unsafe class FloatConvolution
{
    // A block of K of a panel is 24 KiB, half of a first-level cache of 48; a block of windows is 192 KiB, a fraction of the second.
    private const int BlockK = 192, BlockRows = 256;

    // Below this many multiply-accumulates a second thread costs more than it brings.
    private const long LeastMacsPerThread = 2_000_000;

    /// <summary>Packs the filters of a convolution, one entry a group.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="filters">[filters, channels / groups, kernel, kernel], as PyTorch stores them.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or the filters have another length.</exception>
    public static FloatWeights[] Pack(ConvolutionShape shape, ReadOnlySpan<float> filters)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var (_, n, k) = shape.Required().Product;
        if (filters.Length != shape.Groups * n * k)
            throw new ArgumentException($"the filters of {shape} have {shape.Groups * n * k} values, the span has {filters.Length}", nameof(filters));
        var window = FilterOrder.OverWindow(filters, shape.GroupChannels, shape.Kernel);
        return [.. Enumerable.Range(0, shape.Groups).Select(group => FloatGemm.Pack(window.AsSpan(group * n * k, n * k), n, k))];
    }

    /// <summary>Y = X * W + bias.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">X in the shape's layout.</param>
    /// <param name="filters">Packed filters, one entry a group.</param>
    /// <param name="bias">A value a filter, or empty; added after the sum.</param>
    /// <param name="output">Takes Y in the shape's layout.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">There is no such convolution, the filters are not its own, or a span is too short.</exception>
    public static void Multiply(ConvolutionShape shape, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        shape.RequireLengths(input.Length, output.Length);
        if (filters.Length != shape.Groups || filters[0].N != shape.Product.N || filters[0].K != shape.Product.K)
            throw new ArgumentException($"{filters.Length} groups of packed filters of {filters[0].N} x {filters[0].K} are not those of {shape}: {shape.Groups} of {shape.Product.N} x {shape.Product.K}", nameof(filters));
        if (!bias.IsEmpty && bias.Length < shape.Filters)
            throw new ArgumentException($"a bias of {shape.Filters} values is needed, the span has {bias.Length}", nameof(bias));
        fixed (float* x = input, b = bias, y = output)
        {
            if (shape.Layout == ChannelLayout.Last)
            {
                Last(shape, x, filters, b, y, threads);
                return;
            }

            // The kernels' order is channels last: planes are turned on the way in and out, each once.
            float[] turned = ArrayPool<float>.Shared.Rent(shape.InputLength), result = ArrayPool<float>.Shared.Rent(shape.OutputLength);
            fixed (float* turnedX = turned, turnedY = result)
            {
                Planes.ToLast(x, shape.Batch, shape.Channels, shape.Height * shape.Width, turnedX);
                Last(shape, turnedX, filters, b, turnedY, threads);
                Planes.ToFirst(turnedY, shape.Batch, shape.Filters, shape.OutHeight * shape.OutWidth, y);
            }

            ArrayPool<float>.Shared.Return(turned);
            ArrayPool<float>.Shared.Return(result);
        }
    }

    private static void Last(ConvolutionShape shape, float* input, ReadOnlySpan<FloatWeights> filters, float* bias, float* output, int threads)
    {
        var (m, n, _) = shape.Product;
        for (var group = 0; group < shape.Groups; group++)
        {
            fixed (float* panels = filters[group].Panels)
            {
                var job = new Job(shape, group, input, filters[group], panels, bias == null ? null : bias + group * n, output + group * n);
                // Many pixels are shared out by rows, so that each window is gathered once; many filters by panels, so that each weight is read once.
                var byRows = m >= n;
                var (extent, unit) = byRows ? (m, FloatKernel.Rows) : (n, FloatWeights.PanelColumns);
                var units = (extent + unit - 1) / unit;
                var workers = (int)Math.Min(Math.Min(threads, units), Math.Max(1, shape.Product.Macs / LeastMacsPerThread));
                if (workers == 1)
                {
                    Run(job, 0, m, 0, n);
                    continue;
                }

                Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, w =>
                {
                    var (first, end) = (units * w / workers * unit, Math.Min(extent, units * (w + 1) / workers * unit));
                    Run(job, byRows ? first : 0, byRows ? end : m, byRows ? 0 : first, byRows ? n : end);
                });
            }
        }
    }

    /// <summary>Some pixels and some panels of a group: a block of pixels at a time, and of those a block of K.</summary>
    private static void Run(in Job job, int firstRow, int endRow, int firstColumn, int endColumn)
    {
        var k = job.Filters.K;
        var pointwise = job.Shape.IsPointwise;
        var memory = pointwise ? [] : ArrayPool<float>.Shared.Rent(BlockRows * BlockK);
        fixed (float* block = memory)
        {
            for (var row = firstRow; row < endRow; row += BlockRows)
            {
                var rows = Math.Min(BlockRows, endRow - row);
                for (var first = 0; first < k; first += BlockK)
                {
                    var depth = Math.Min(BlockK, k - first);
                    if (!pointwise)
                        job.Windows.Gather(row, rows, first, depth, block, BlockK);
                    var a = pointwise ? job.Input + (nint)row * job.Shape.Channels + job.Group * k + first : block;
                    var stride = pointwise ? job.Shape.Channels : BlockK;
                    for (var column = firstColumn; column < endColumn; column += FloatWeights.PanelColumns)
                        Panel(job, a, stride, row, rows, first, depth, column);
                }
            }
        }

        if (memory.Length > 0)
            ArrayPool<float>.Shared.Return(memory);
    }

    private static void Panel(in Job job, float* a, nint stride, int row, int rows, int first, int depth, int column)
    {
        var (n, filters) = (job.Filters.N, job.Shape.Filters);
        var panel = job.Panels + (nint)column * job.Filters.K + (nint)first * FloatWeights.PanelColumns;
        var bias = job.Bias != null && first + depth == job.Filters.K ? job.Bias + column : null;
        FloatPanel.Multiply(a, stride, rows, panel, depth, job.Output + (nint)row * filters + column, filters, Math.Min(FloatWeights.PanelColumns, n - column), first != 0, bias);
    }

    private readonly struct Job(ConvolutionShape shape, int group, float* input, FloatWeights filters, float* panels, float* bias, float* output)
    {
        public readonly ConvolutionShape Shape = shape;
        public readonly int Group = group;
        public readonly float* Input = input;
        public readonly WindowRows<float> Windows = new(input, shape, group);
        public readonly FloatWeights Filters = filters;
        public readonly float* Panels = panels;
        public readonly float* Bias = bias;
        public readonly float* Output = output;
    }
}
