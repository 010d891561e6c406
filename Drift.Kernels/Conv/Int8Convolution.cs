using System.Buffers;

namespace Drift.Kernels;

/// <summary>
/// s8 x s8 -> s32 convolution on any backend, as one product a group: exact modulo 2^32, protected tile by tile like any other product, with the input's line sums taken
/// of the windows as they are gathered, and faults from a plan of output pixels x filters of the group.
/// </summary>
public static class Int8Convolution
{
    /// <summary>Brings filters into a backend's form, one entry a group.</summary>
    /// <param name="backend">Who will multiply.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="filters">[filters, channels / groups, kernel, kernel], as PyTorch stores them.</param>
    /// <param name="tiles">Tiles of the checks, counted within a group.</param>
    /// <exception cref="ArgumentException">There is no such convolution, the filters have another length, or no product can be summed in such tiles.</exception>
    public static GemmWeights[] Prepare(IGemmBackend backend, ConvolutionShape shape, ReadOnlySpan<sbyte> filters, ChecksumTiles tiles)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(shape);
        var (_, n, k) = shape.Required().Product;
        if (filters.Length != shape.Groups * n * k)
            throw new ArgumentException($"the filters of {shape} have {shape.Groups * n * k} values, the span has {filters.Length}", nameof(filters));
        var window = FilterOrder.OverWindow(filters, shape.GroupChannels, shape.Kernel);
        return [.. Enumerable.Range(0, shape.Groups).Select(group => backend.Prepare(window.AsSpan(group * n * k, n * k), n, k, tiles))];
    }

    /// <summary>Runs a convolution: a product of output pixels (batch, row, column) x filters for each group.</summary>
    /// <param name="backend">Who multiplies.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">The input in the shape's layout.</param>
    /// <param name="filters">Prepared filters, one entry a group.</param>
    /// <param name="faults">Flips of each group's product; null for none.</param>
    /// <param name="outputs">Take accumulators and sums, one a group.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or an operand is not its own.</exception>
    public static unsafe void Multiply(IGemmBackend backend, ConvolutionShape shape, ReadOnlySpan<sbyte> input, ReadOnlySpan<GemmWeights> filters, IReadOnlyList<FaultPlan>? faults,
        ReadOnlySpan<GemmOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(shape);
        shape.RequireLengths(input.Length, shape.Required().OutputLength);
        if (filters.Length != shape.Groups || outputs.Length != shape.Groups || (faults?.Count ?? shape.Groups) != shape.Groups)
            throw new ArgumentException($"{shape.Groups} groups need as many filters, outputs and fault plans, not {filters.Length}, {outputs.Length} and {faults?.Count ?? shape.Groups}", nameof(filters));
        if (shape.Layout == ChannelLayout.Last)
        {
            Groups(backend, shape, input, filters, faults, outputs);
            return;
        }

        // The windows are taken with channels last: the planes are turned once, on the way in.
        var turned = ArrayPool<sbyte>.Shared.Rent(shape.InputLength);
        fixed (sbyte* planes = input, pixels = turned)
            Planes.ToLast(planes, shape.Batch, shape.Channels, shape.Height * shape.Width, pixels);
        Groups(backend, shape with { Layout = ChannelLayout.Last }, turned, filters, faults, outputs);
        ArrayPool<sbyte>.Shared.Return(turned);
    }

    private static void Groups(IGemmBackend backend, ConvolutionShape shape, ReadOnlySpan<sbyte> input, ReadOnlySpan<GemmWeights> filters, IReadOnlyList<FaultPlan>? faults,
        ReadOnlySpan<GemmOutput> outputs)
    {
        for (var group = 0; group < shape.Groups; group++)
            backend.Multiply(new GemmCall(input, shape, group, filters[group]), faults?[group] ?? FaultPlan.None, outputs[group]);
    }
}
