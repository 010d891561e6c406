using System.Buffers;

namespace Drift.Kernels;

/// <summary>
/// fp32 convolution as an implicit product: blocks of windows are gathered into the second-level cache as the loops need them and never stand in memory as a whole. Every output is the
/// chain of fused multiply-adds that <see cref="ReferenceConvolution"/> has, so the bits depend on no block, layout or thread. Protected tile by tile like any fp32 product, with the input's
/// line sums taken of the gathered windows.
/// </summary>
public static class FloatConvolution
{
    /// <summary>Packs the filters of a convolution, one entry a group.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="filters">[filters, channels / groups, kernel, kernel], as PyTorch stores them.</param>
    /// <param name="tile">Edge of a checksum tile, counted within a group; 0 for no checks.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or the filters have another length.</exception>
    public static FloatWeights[] Pack(ConvolutionShape shape, ReadOnlySpan<float> filters, int tile = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var (_, n, k) = shape.Required().Product;
        if (filters.Length != shape.Groups * n * k)
            throw new ArgumentException($"the filters of {shape} have {shape.Groups * n * k} values, the span has {filters.Length}", nameof(filters));
        var window = FilterOrder.OverWindow(filters, shape.GroupChannels, shape.Kernel);
        return [.. Enumerable.Range(0, shape.Groups).Select(group => FloatGemm.Pack(window.AsSpan(group * n * k, n * k), n, k, tile))];
    }

    /// <summary>
    /// Y = X * W; then each group's flips, of the bits of floats, in output pixels x filters of the group; then, where checks are given, the sums; then the bias.
    /// </summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">X in the shape's layout.</param>
    /// <param name="filters">Packed filters, one entry a group.</param>
    /// <param name="bias">A value a filter, or empty.</param>
    /// <param name="output">Takes Y in the shape's layout.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <param name="faults">Flips, one entry a group; null for none.</param>
    /// <param name="checks">Take sums, one entry a group, in the tiles that the filters were packed for; null for none.</param>
    /// <exception cref="ArgumentException">There is no such convolution, an operand is not its own, or checks are wanted of filters that were packed without tiles.</exception>
    public static unsafe void Multiply(ConvolutionShape shape, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output, int threads = 1,
        IReadOnlyList<FaultPlan>? faults = null, IReadOnlyList<FloatChecks>? checks = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Require(shape, shape.Groups, shape.Required().Product, input, filters, bias, output, faults, checks);
        if (shape.Layout == ChannelLayout.Last)
        {
            Groups(shape, input, filters, bias, output, threads, faults, checks);
            return;
        }

        InPixels(shape, input, output, filters.ToArray(), bias.ToArray(), (pixels, packed, offsets, result) => Groups(shape, pixels, packed, offsets, result, threads, faults, checks));
    }

    /// <summary>A convolution between pixels of channels.</summary>
    internal delegate void PixelWork(ReadOnlySpan<float> input, FloatWeights[] filters, float[] bias, Span<float> output);

    /// <summary>The kernels' order is channels last: planes are turned on the way in and out, each once.</summary>
    internal static unsafe void InPixels(ConvolutionShape shape, ReadOnlySpan<float> input, Span<float> output, FloatWeights[] filters, float[] bias, PixelWork work)
    {
        float[] turned = ArrayPool<float>.Shared.Rent(shape.InputLength), result = ArrayPool<float>.Shared.Rent(shape.OutputLength);
        fixed (float* x = input, turnedX = turned)
            Planes.ToLast(x, shape.Batch, shape.Channels, shape.Height * shape.Width, turnedX);
        work(turned, filters, bias, result);
        fixed (float* y = output, turnedY = result)
            Planes.ToFirst(turnedY, shape.Batch, shape.Filters, shape.OutHeight * shape.OutWidth, y);
        ArrayPool<float>.Shared.Return(turned);
        ArrayPool<float>.Shared.Return(result);
    }

    private static void Groups(ConvolutionShape shape, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output, int threads,
        IReadOnlyList<FaultPlan>? faults, IReadOnlyList<FloatChecks>? checks)
    {
        using var lease = FloatProducts.Shared.Lend();
        var (m, n, k) = shape.Product;
        for (var group = 0; group < shape.Groups; group++)
        {
            var operands = new FloatOperands
            {
                // A window of one pixel is a row as it stands.
                A = shape.IsPointwise ? input[(group * k)..] : input,
                AStride = shape.IsPointwise ? shape.Channels : k,
                Convolution = shape.IsPointwise ? null : shape,
                Group = group,
                Rows = m,
                Bias = bias.IsEmpty ? bias : bias.Slice(group * n, n),
                C = output[(group * n)..],
                CStride = shape.Filters,
            };
            lease.Product.Run(operands, filters[group], faults?[group] ?? FaultPlan.None, checks?[group], WorkerPool.Shared, threads);
        }
    }

    /// <summary>Fails unless the operands are those of a number of equal products.</summary>
    internal static void Require(ConvolutionShape shape, int products, GemmShape each, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output,
        IReadOnlyList<FaultPlan>? faults, IReadOnlyList<FloatChecks>? checks)
    {
        shape.RequireLengths(input.Length, output.Length);
        var (m, n, k) = each;
        foreach (var (what, count) in new[] { ("packed filters", filters.Length), ("fault plans", faults?.Count ?? products), ("checks", checks?.Count ?? products) })
        {
            if (count != products)
                throw new ArgumentException($"{count} {what} are not one for each of {products} {(products == shape.Groups ? "groups" : "products")}");
        }

        if (filters[0].N != n || filters[0].K != k)
            throw new ArgumentException($"packed filters of {filters[0].N} x {filters[0].K} are not those of {shape}: {n} x {k}", nameof(filters));
        if (checks is not null && filters[0].Tile == 0)
            throw new ArgumentException("checks need filters that were packed with a tile of at least 1, these have 0", nameof(filters));
        if (!bias.IsEmpty && bias.Length < shape.Filters)
            throw new ArgumentException($"a bias of {shape.Filters} values is needed, the span has {bias.Length}", nameof(bias));
        if (input.Overlaps(output) || bias.Overlaps(output))
            throw new ArgumentException($"an output of {output.Length} values overlaps an operand of {(input.Overlaps(output) ? input.Length : bias.Length)}", nameof(output));
        foreach (var plan in faults ?? [])
            plan.RequireShape(m, n);
    }
}
