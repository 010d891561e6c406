using ILGPU;
using ILGPU.Runtime;

namespace Drift.Kernels.Ilgpu;

/// <summary>Guarded products on an ILGPU device, from activations that are there to values that stay there.</summary>
internal sealed class ResidentProducts(IlgpuBackend backend, IlgpuTensors tensors, ResidentCheckpoints checkpoints) : IResidentProducts
{
    // Rows of codes that one item writes.
    private const int EncodedRows = 8;

    // A megabyte holds a step's reports of small networks; a larger one's reach what they need in their first steps.
    private const int LeastReportWords = 1 << 18;

    private readonly DeviceBuffer _codes = new(tensors.Accelerator), _lines = new(tensors.Accelerator), _largest = new(tensors.Accelerator), _most = new(tensors.Accelerator);
    private readonly DeviceBuffer _plan = new(tensors.Accelerator), _accumulators = new(tensors.Accelerator), _sums = new(tensors.Accelerator), _reports = new(tensors.Accelerator);
    private readonly DeviceBuffer _nothing = new(tensors.Accelerator), _guest = new(tensors.Accelerator);
    private readonly List<int> _flips = [];
    private readonly List<ResidentReport> _settled = [];
    private ArrayView<float> _source;
    private QuantiseExtents _quantised;
    private WindowExtents? _windows;
    private int _reportWords, _capacity;
    private (KernelFamily? Family, int Words, int Tile) _encoded;
    private ArrayView<int>? _encodedLines;

    private LayerKernelSet Kernels => tensors.Layers;

    /// <inheritdoc/>
    public void Quantise(Tensor input, int firstRow, int rows, int groups)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        if (groups < 1 || rows % groups != 0 || firstRow < 0 || firstRow + rows > input.Rows)
            throw new ArgumentException($"{groups} groups of rows {firstRow}..{firstRow + rows - 1} are not in an input of {input.Rows} rows", nameof(groups));
        _quantised = new QuantiseExtents(rows, rows, input.Columns, 0, rows / groups, EncodedRows, input.Home is IlgpuHome ? input.Start + firstRow * input.Columns : 0);
        _windows = null;
        backend.Use(() => Measure(Begin(input, firstRow, rows, groups), groups, _quantised));
    }

    /// <inheritdoc/>
    public void QuantiseWindows(Tensor input, int firstImage, ConvolutionShape shape, int groups)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(shape);
        var (windows, _, depth) = shape.Required().Product;
        int pixels = shape.Height * shape.Width, all = shape.Batch * pixels;
        if (shape is not { Groups: 1, Layout: ChannelLayout.Last } || input.Columns != shape.Channels || firstImage < 0 || firstImage * pixels + all > input.Rows || (groups != 1 && groups != windows))
            throw new ArgumentException($"{groups} groups of windows of {shape} over images from {firstImage} on are not in an input of [{string.Join(", ", input.Shape)}]", nameof(shape));
        _quantised = new QuantiseExtents(windows, windows, depth, 0, windows / groups, EncodedRows);
        var extents = WindowExtents.Of(shape, 0);
        _windows = extents;
        backend.Use(() =>
        {
            var largest = Begin(input, firstImage * pixels, all, groups);
            if (groups == 1)
                Measure(largest, 1, new QuantiseExtents(all, all, shape.Channels, 0, all, EncodedRows));
            else
                Kernels.MeasureWindows(FlatIndex.Count((depth + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch, windows), _source, largest, extents);
        });
    }

    /// <inheritdoc/>
    public void Multiply(in ResidentProduct product)
    {
        var asked = product;
        if (asked.Weights is not IlgpuWeights weights || weights.Owner != backend)
            throw new ArgumentException($"weights prepared by another backend than this {backend.Name}", nameof(product));
        if (_quantised.Width != weights.K)
            throw new ArgumentException($"weights of {weights.K} columns do not fit an input of {_quantised.Width}", nameof(product));
        backend.Use(() => Run(asked, weights));
    }

    /// <inheritdoc/>
    public IReadOnlyList<ResidentReport> Settle()
    {
        backend.Use(Read);
        var reports = _settled.ToArray();
        _settled.Clear();
        return reports;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tensors.Release(checkpoints, _codes, _lines, _largest, _most, _plan, _accumulators, _sums, _reports, _nothing, _guest);
    }

    /// <summary>Takes an input's rows, and a word for each scale.</summary>
    private ArrayView<int> Begin(Tensor input, int firstRow, int rows, int groups)
    {
        _encoded = default;
        // The host's, such as a text's states, goes up once for all products of it.
        _source = input.Home is IlgpuHome ? Rows(input, firstRow, rows) : tensors.Send(input.Span.Slice(firstRow * input.Columns, rows * input.Columns), _guest);
        var largest = _largest.Take(groups);
        largest.MemSetToZero();
        return largest;
    }

    private void Measure(ArrayView<int> largest, int groups, QuantiseExtents e) =>
        Kernels.Measure(FlatIndex.Count((checked(e.RowsOfGroup * e.Width) + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch, groups), _source, largest, e);

    private void Run(in ResidentProduct asked, IlgpuWeights w)
    {
        var shape = new GemmShape(_quantised.Rows, w.N, w.K);
        // On its way while the product is multiplied.
        ArrayView<int>? kept = asked is { Mends: true, From: { } from } && w.Tile > 0 ? checkpoints.Fetch(from) : null;
        var launch = Launch(asked.Faults, shape, w, Encode(w));
        var e = launch.Extents;
        w.Family.Multiply(launch);

        var (scales, bias) = w.WayOut(asked.Scales, asked.Bias);
        var values = Rows(asked.Output, asked.FirstRow, shape.M);
        var output = new OutputExtents(shape.M, shape.N, e.Stride, Math.Max(1, w.Tile), e.TileStride, asked.Threshold - 1, 0);
        var everywhere = FlatIndex.Count(shape.N, shape.M);
        var activations = _largest.Take(shape.M / _quantised.RowsOfGroup);
        if (asked.Saturates)
            Kernels.Saturate(everywhere, launch.C, new ScaleViews(activations, Measure(launch, activations, scales, bias, asked.Limit, output)), scales, bias, values, _quantised.RowsOfGroup, asked.Limit, output);
        else
            Kernels.Leave(everywhere, launch.C, activations, scales, bias, values, _quantised.RowsOfGroup, asked.Limit, output);
        if (w.Tile == 0)
            return;
        Report(launch, asked.Faults.Count, output);
        if (asked.Mends)
            Mend(asked.Saturates, kept, launch.Sums, values, output);
        if (asked.Save is { } place)
            Save(place, asked.Saturates, values, output);
    }

    /// <summary>The codes of the rows at work as a family reads them.</summary>
    private ArrayView<int> Encode(IlgpuWeights w)
    {
        var padded = IlgpuWeights.RoundUp(_quantised.Rows, w.Family.RowUnit);
        var codes = _codes.Take(checked(padded * w.LineWords));
        if (_encoded == (w.Family, w.LineWords, w.Tile))
            return codes;
        (_encoded, _encodedLines) = (default, null);
        var largest = _largest.Take(_quantised.Rows / _quantised.RowsOfGroup);
        if (_windows is { } windows)
        {
            Kernels.EncodeWindows(FlatIndex.Count(w.LineWords, padded), _source, largest, codes, w.LineWords, _quantised.RowsOfGroup, windows);
            _encoded = (w.Family, w.LineWords, w.Tile);
            return codes;
        }

        var lines = _lines.Take(w.Family.LinesLength(IlgpuWeights.TilesIn(_quantised.Rows, w.Tile), w.LineWords));
        if (w.Family.Quantises(new QuantiseLaunch(_source, largest, codes, lines, _quantised with { PaddedRows = padded, Words = w.LineWords, Tile = w.Tile })))
        {
            (_encoded, _encodedLines) = ((w.Family, w.LineWords, w.Tile), lines);
            return codes;
        }

        var tiles = (padded + EncodedRows - 1) / EncodedRows;
        Kernels.Encode(
            new Index2D(w.LineWords, tiles), _source, largest, codes,
            _lines.Take(PairRows.Length(tiles, DirectTile.Rows, w.LineWords)), _quantised with { PaddedRows = padded, Words = w.LineWords });
        _encoded = (w.Family, w.LineWords, w.Tile);
        return codes;
    }

    private ProductLaunch Launch(FaultPlan faults, GemmShape shape, IlgpuWeights w, ArrayView<int> codes)
    {
        var rows = IlgpuWeights.RoundUp(shape.M, w.Family.RowUnit);
        var layout = new SumLayout(shape.M, shape.N, rows, w.Stride, w.Tile);
        // A plan that was drawn and came out empty still has blocks, but no starts.
        var (blockRows, blockColumns) = faults.IsEmpty ? (0, 0) : (faults.BlockRows, faults.BlockColumns);
        var e = new GemmExtents(shape.M, rows, shape.N, w.LineWords, w.Stride, w.Tile, layout.TileStride, blockColumns, blockRows * blockColumns);
        var sums = _sums.Take(layout.Length);
        return new ProductLaunch(codes, w, tensors.Send(faults, shape, _plan), _accumulators.Take(checked(rows * w.Stride)), sums, layout.In(sums), e)
        {
            Lines = w.Tile > 0 ? _encodedLines : null,
        };
    }

    /// <summary>The clean output's largest magnitude: the flips are taken back meanwhile.</summary>
    private ArrayView<int> Measure(ProductLaunch launch, ArrayView<int> activations, ArrayView<float> scales, ArrayView<float> bias, float limit, OutputExtents e)
    {
        var most = _most.Take(1);
        most.MemSetToZero();
        Toggle(launch);
        Kernels.MeasureOutput(
            FlatIndex.Count((e.Columns + QuantiseKernels.Stretch - 1) / QuantiseKernels.Stretch, e.Rows), launch.C, activations, scales, bias, most, _quantised.RowsOfGroup, limit, e);
        Toggle(launch);
        return most;
    }

    private void Toggle(ProductLaunch launch)
    {
        var e = launch.Extents;
        if (e.Blocks > 0)
            Kernels.Toggle(e.Blocks, launch.Plan, launch.C, e.Stride, e.BlockColumns, e.Blocks);
    }

    /// <summary>Queues a report. Those before it are fetched where the memory for them is full.</summary>
    private void Report(ProductLaunch launch, int flips, OutputExtents e)
    {
        var words = VerdictKernels.Counts + 2 * flips;
        if (_reportWords + words > _capacity)
        {
            Read();
            _capacity = Math.Max(LeastReportWords, Math.Max(2 * _capacity, words));
            _reports.Take(_capacity).MemSetToZero();
        }

        var report = _reports.Take(_capacity).SubView(_reportWords, words);
        _reportWords += words;
        _flips.Add(flips);
        Kernels.Judge(IlgpuWeights.TilesIn(e.Rows, e.Tile) * IlgpuWeights.TilesIn(e.Columns, e.Tile), launch.Sums, report, e);
        if (flips > 0)
            Kernels.Trace(launch.Extents.Blocks, launch.Plan, launch.Sums, report, e, launch.Extents.BlockColumns, launch.Extents.Blocks);
    }

    private void Read()
    {
        if (_flips.Count == 0)
            return;
        var all = tensors.Fetch(_reports, _reportWords);
        foreach (var flips in _flips)
        {
            _settled.Add(new ResidentReport(all[0], all[1], all[2], all[3], all.Slice(VerdictKernels.Counts, 2 * flips).ToArray()));
            all = all[(VerdictKernels.Counts + 2 * flips)..];
        }

        _flips.Clear();
        _reports.Take(_reportWords).MemSetToZero();
        _reportWords = 0;
    }

    /// <summary>Replaces what is masked, from a checkpoint that is on its way or from nothing.</summary>
    private void Mend(bool saturates, ArrayView<int>? kept, SumViews sums, ArrayView<float> values, OutputExtents e)
    {
        var elements = FlatIndex.Count(e.Columns, e.Rows);
        if (kept is not null)
            checkpoints.Arrive();
        if (!saturates)
            Kernels.MendWide(elements, sums, (kept ?? Nothing()).Cast<float>(), kept is null ? 0 : 1, values, e);
        else
            Kernels.Mend(elements, sums, (kept?.SubView(0, Words(values)) ?? Nothing()).Cast<sbyte>(), kept?.SubView(Words(values), 1) ?? Nothing(), values, e);
        if (kept is not null)
            checkpoints.Leave();
    }

    /// <summary>Codes, and behind them what their scale is made of; or fp32 where outputs are wide.</summary>
    private void Save(int place, bool saturates, ArrayView<float> values, OutputExtents e)
    {
        var kept = checkpoints.Begin(place, saturates ? Words(values) + 1 : values.IntLength);
        if (saturates)
            Kernels.Repack(FlatIndex.Count(e.Columns, e.Rows), values, _most.Take(1), kept.SubView(0, Words(values)).Cast<sbyte>(), kept.SubView(Words(values), 1), e);
        else
            Kernels.Keep(values.IntLength, values, kept.Cast<float>());
        checkpoints.End(place);
    }

    /// <summary>Words of as many codes.</summary>
    private static int Words(ArrayView<float> values) => (values.IntLength + 3) / 4;

    /// <summary>A word that is 0: the scale of a checkpoint that there is not.</summary>
    private ArrayView<int> Nothing()
    {
        var nothing = _nothing.Take(1);
        nothing.MemSetToZero();
        return nothing;
    }

    private ArrayView<float> Rows(Tensor tensor, int first, int count) => tensors.View(tensor).SubView(first * tensor.Columns, count * tensor.Columns);
}
