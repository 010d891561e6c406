using System.Buffers;

namespace Drift.Kernels;

/// <summary>
/// fp32 convolution of 3 x 3 windows at stride 1 with 2.25 times fewer products: F(2x2, 3x3) of Lavin and Gray (arXiv 1509.09308). A tile of 4 x 4 input pixels and a filter are turned
/// into 16 values each, whose products over all channels are 16 matrix products; of those come the 2 x 2 output pixels of the tile. The 16 are protected tile by tile like any other product.
/// </summary>
/// <remarks>
/// The bits depend on no thread, layout or instruction path, but they are not those of <see cref="FloatConvolution"/>: with C channels an output y = A^T [(G g G^T) (B^T d B)] A errs by at most
/// gamma_(C + 10) |A^T| [(|G| |g| |G^T|) (|B^T| |d| |B|)] |A|, gamma_n = n u / (1 - n u) (Higham 2002, section 3.1): two roundings of the input, four of the filter, C of the products' chains
/// and four of the output lie on each path. Factors of 1/2 are exact.
/// </remarks>
public static class WinogradConvolution
{
    /// <summary>Products of a group: one for each of the 4 x 4 values of a tile, row by row.</summary>
    public const int Products = 16;

    /// <summary>Whether a convolution can be computed so: windows of 3 x 3, neither strided nor dilated.</summary>
    /// <param name="shape">The convolution.</param>
    public static bool Fits(ConvolutionShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape is { Kernel: WinogradTransform.Window, Stride: 1, Dilation: 1 };
    }

    /// <summary>One of a group's products: M tiles of output pixels (batch, row, column), N filters, K channels.</summary>
    /// <param name="shape">The convolution.</param>
    /// <exception cref="ArgumentException">There is no such convolution, or it cannot be computed so.</exception>
    public static GemmShape Product(ConvolutionShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (!Fits(shape.Required()))
            throw new ArgumentException($"{shape}, dilation {shape.Dilation}: expected windows of 3 x 3 at stride 1 and dilation 1");
        var product = new GemmShape(new WinogradTransform(shape, 0).Tiles, shape.GroupFilters, shape.GroupChannels);
        var values = (double)Products * product.M * Math.Max(product.N, product.K);
        return values < int.MaxValue ? product : throw new ArgumentException($"{Products} products of {product.M} tiles of {shape} have {values:F0} values, which passes 2^31");
    }

    /// <summary>Transforms and packs the filters: <see cref="Products"/> entries a group.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="filters">[filters, channels / groups, 3, 3], as PyTorch stores them.</param>
    /// <param name="tile">Edge of a checksum tile of a product; 0 for no checks.</param>
    /// <exception cref="ArgumentException">There is no such convolution, it cannot be computed so, or the filters have another length.</exception>
    public static FloatWeights[] Pack(ConvolutionShape shape, ReadOnlySpan<float> filters, int tile = 0)
    {
        var (_, n, k) = Product(shape);
        const int Taps = WinogradTransform.Window * WinogradTransform.Window;
        if (filters.Length != shape.Groups * n * k * Taps)
            throw new ArgumentException($"the filters of {shape} have {shape.Groups * n * k * Taps} values, the span has {filters.Length}", nameof(filters));
        var packed = new FloatWeights[shape.Groups * Products];
        var turned = new float[Products * n * k];
        for (var group = 0; group < shape.Groups; group++)
        {
            for (var plane = 0; plane < n * k; plane++)
                WinogradTransform.Filter(filters.Slice((group * n * k + plane) * Taps, Taps), turned.AsSpan(plane), n * k);
            for (var product = 0; product < Products; product++)
                packed[group * Products + product] = FloatGemm.Pack(turned.AsSpan(product * n * k, n * k), n, k, tile);
        }

        return packed;
    }

    /// <summary>
    /// Y = X * W. Each group's products are computed; then their flips, of the bits of floats, in tiles of pixels x filters; then, where checks are given, their sums; then the outputs, and
    /// last the bias.
    /// </summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="input">X in the shape's layout.</param>
    /// <param name="filters">Packed filters, <see cref="Products"/> entries a group.</param>
    /// <param name="bias">A value a filter, or empty.</param>
    /// <param name="output">Takes Y in the shape's layout.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <param name="faults">Flips, one entry a product; null for none.</param>
    /// <param name="checks">Take sums, one entry a product, in the tiles that the filters were packed for; null for none.</param>
    /// <exception cref="ArgumentException">There is no such convolution, it cannot be computed so, an operand is not its own, or checks are wanted of filters that were packed without tiles.</exception>
    public static void Multiply(ConvolutionShape shape, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output, int threads = 1,
        IReadOnlyList<FaultPlan>? faults = null, IReadOnlyList<FloatChecks>? checks = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var product = Product(shape);
        FloatConvolution.Require(shape, shape.Groups * Products, product, input, filters, bias, output, faults, checks);
        if (shape.Layout == ChannelLayout.Last)
        {
            Groups(shape, product, input, filters, bias, output, threads, faults, checks);
            return;
        }

        FloatConvolution.InPixels(shape, input, output, filters.ToArray(), bias.ToArray(), (pixels, packed, offsets, result) =>
            Groups(shape, product, pixels, packed, offsets, result, threads, faults, checks));
    }

    private static unsafe void Groups(ConvolutionShape shape, GemmShape each, ReadOnlySpan<float> input, ReadOnlySpan<FloatWeights> filters, ReadOnlySpan<float> bias, Span<float> output, int threads,
        IReadOnlyList<FaultPlan>? faults, IReadOnlyList<FloatChecks>? checks)
    {
        var (m, n, k) = each;
        // Products stand apart by an odd number of cache lines, for a tile is written to and read from all sixteen at once.
        int from = Apart(m * k), to = Apart(m * n);
        var turned = ArrayPool<float>.Shared.Rent(Products * from + MicroTile.Lanes);
        var sums = ArrayPool<float>.Shared.Rent(Products * to + MicroTile.Lanes);
        using var lease = FloatProducts.Shared.Lend();
        fixed (float* x = input, y = output, offsets = bias, first = turned, second = sums)
        {
            float* source = x, target = y, terms = offsets, v = Aligned(first), p = Aligned(second);
            for (var group = 0; group < shape.Groups; group++)
            {
                var transform = new WinogradTransform(shape, group);
                RowShare.Run(m, Products * k, threads, (start, end) => transform.Inputs(source, start, end, v, from));
                for (var i = 0; i < Products; i++)
                {
                    var at = group * Products + i;
                    var operands = new FloatOperands
                    {
                        A = new ReadOnlySpan<float>(v + (nint)i * from, m * k), AStride = k, Rows = m,
                        C = new Span<float>(p + (nint)i * to, m * n), CStride = n,
                    };
                    lease.Product.Run(operands, filters[at], faults?[at] ?? FaultPlan.None, checks?[at], WorkerPool.Shared, threads);
                }

                RowShare.Run(m, Products * n, threads, (start, end) => transform.Outputs(p, to, start, end, terms, target));
            }
        }

        ArrayPool<float>.Shared.Return(turned);
        ArrayPool<float>.Shared.Return(sums);
    }

    private static int Apart(int values)
    {
        var lines = (values + MicroTile.Lanes - 1) / MicroTile.Lanes;
        return (lines | 1) * MicroTile.Lanes;
    }

    private static unsafe float* Aligned(float* values) => (float*)(((nint)values + 63) & ~(nint)63);
}
