using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>One layer: every array of the file, in the order of the computation.</summary>
internal sealed class FaultCase(string name, string list, string file, FaultCaseEntry entry) : VerificationCase(name, file, list)
{
    private const double Tolerance = 1e-6;
    private readonly int _m = entry.M, _n = entry.N, _k = entry.K;

    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        entry.Require(list);
        using var arrays = SafetensorsFile.Open(file);
        var checks = new List<OutputCheck>();
        var (xq, xScales) = Quantise(arrays, "x", entry.Kernel > 0 ? null : (long)_m * _k, entry.XScale == "token" ? _m : 1, checks);
        var (wq, wScales) = Quantise(arrays, "w", (long)_n * _k, entry.WScale == "channel" ? _n : 1, checks);
        var windows = entry.Kernel > 0 ? WindowRows.Unroll(xq, arrays.Shape("x"), entry.Kernel, entry.Stride, entry.Padding) : xq;
        var convolution = entry.Kernel > 0 ? Convolution(arrays.Shape("x")) : null;
        checks.Add(OutputCheck.Exact<sbyte>("xq", windows, arrays.ReadSByte("xq")));
        checks.Add(OutputCheck.Exact<sbyte>("wq", wq, arrays.ReadSByte("wq")));

        var bias = arrays.ReadFloat("bias", _n);
        using var weights = convolution is null ? setting.Backend.Prepare(wq, _n, _k, entry.Tile) : Int8Convolution.Prepare(setting.Backend, convolution, wq, entry.Tile)[0];
        using var product = new GemmOutput();
        Multiply(setting.Backend, convolution, xq, weights, FaultPlan.None, product);
        checks.Add(OutputCheck.Exact<int>("acc", Accumulators(product), arrays.ReadInt32("acc")));
        var y = Dequantise(product, xScales, wScales, bias);
        checks.Add(OutputCheck.Relative("y", y, arrays.ReadFloat("y"), Tolerance));
        var yScales = Scales(y, entry.YScale == "token" ? _m : 1);
        checks.Add(OutputCheck.Relative("y_scale", yScales, arrays.ReadFloat("y_scale"), Tolerance));
        var clean = Codes(y, yScales);
        checks.Add(OutputCheck.Exact<sbyte>("clean_int8", clean, arrays.ReadSByte("clean_int8")));

        if (arrays.Shape("faults") is not [_, 3])
            throw new UserErrorException($"{file}: faults has the shape [{string.Join(", ", arrays.Shape("faults"))}]; expected [flips, 3]: row, column and bit of each");
        var plan = FaultPlan.Of(_m, _n, arrays.ReadInt32("faults").Chunk(3).Select(f => new Flip(f[0], f[1], f[2])));
        Multiply(setting.Backend, convolution, xq, weights, plan, product);
        checks.Add(OutputCheck.Exact<int>("acc_faulty", Accumulators(product), arrays.ReadInt32("acc_faulty")));
        var faultyY = Dequantise(product, xScales, wScales, bias);
        checks.Add(OutputCheck.Relative("y_faulty", faultyY, arrays.ReadFloat("y_faulty"), Tolerance));
        var faulty = Codes(faultyY, yScales);
        checks.Add(OutputCheck.Exact<sbyte>("faulty_int8", faulty, arrays.ReadSByte("faulty_int8")));
        var finding = Judge(arrays, product, checks);
        var mended = Mend(arrays, finding, faulty, yScales);
        checks.Add(OutputCheck.Exact<sbyte>("rollback_int8", mended, arrays.ReadSByte("rollback_int8")));

        if (entry.Kernel > 0)
        {
            var shape = arrays.Shape("y_nchw");
            checks.Add(OutputCheck.Relative("y_nchw", WindowRows.Planes(y, shape), arrays.ReadFloat("y_nchw"), Tolerance));
            checks.Add(OutputCheck.Exact<sbyte>("clean_int8_nchw", WindowRows.Planes(clean, shape), arrays.ReadSByte("clean_int8_nchw")));
            checks.Add(OutputCheck.Exact<sbyte>("rollback_int8_nchw", WindowRows.Planes(mended, shape), arrays.ReadSByte("rollback_int8_nchw")));
        }

        checks.AddRange(FaultCounts.Of(entry, arrays));
        checks.AddRange(RivalChecks.Of(arrays, product, plan, faulty, yScales, () => Codes(Dequantise(product, xScales, wScales, bias), yScales)));
        return checks;
    }

    /// <summary>The convolution over [batch, channels, height, width], as far as the case's product agrees with it.</summary>
    private ConvolutionShape Convolution(IReadOnlyList<int> extents)
    {
        try
        {
            var shape = new ConvolutionShape(extents[0], extents[2], extents[3], extents[1], _n, entry.Kernel) { Stride = entry.Stride, Padding = entry.Padding, Layout = ChannelLayout.First };
            return shape.Required().Product == new GemmShape(_m, _n, _k) ? shape
                : throw new UserErrorException($"{list}: {entry.Name}: the convolution of {shape} is a product of {shape.Product}, not of {_m} x {_n} x {_k}");
        }
        catch (ArgumentException impossible)
        {
            throw new UserErrorException($"{list}: {entry.Name}: {impossible.Message}", impossible);
        }
    }

    private void Multiply(IGemmBackend backend, ConvolutionShape? convolution, sbyte[] xq, GemmWeights weights, FaultPlan plan, GemmOutput product)
    {
        if (convolution is null)
            backend.Multiply(new GemmCall(xq, _m, _k, weights), plan, product);
        else
            Int8Convolution.Multiply(backend, convolution, xq, [weights], [plan], [product]);
    }

    private Finding Judge(SafetensorsFile arrays, GemmOutput product, List<OutputCheck> checks)
    {
        foreach (var (sums, which) in new[] { (product.Expected, "expected"), (product.Observed, "observed") })
        {
            checks.Add(OutputCheck.Exact<int>($"{which}_rows", sums.Rows, arrays.ReadInt32($"{which}_rows")));
            checks.Add(OutputCheck.Exact<int>($"{which}_cols", sums.Columns, arrays.ReadInt32($"{which}_cols")));
        }

        var finding = new Finding();
        new ThresholdRule(entry.Threshold).Judge(product.Expected, product.Observed, finding);
        byte[] Table(int rows, int columns, Func<int, int, bool> flagged) =>
            [.. from row in Enumerable.Range(0, rows) from column in Enumerable.Range(0, columns) select flagged(row, column) ? (byte)1 : (byte)0];
        checks.Add(OutputCheck.Exact<byte>("flagged_rows", Table(_m, finding.TileColumns, finding.IsRowFlagged), arrays.ReadByte("flagged_rows")));
        checks.Add(OutputCheck.Exact<byte>("flagged_cols", Table(finding.TileRows, _n, finding.IsColumnFlagged), arrays.ReadByte("flagged_cols")));
        checks.Add(OutputCheck.Exact<byte>("mask", Table(_m, _n, finding.Masks), arrays.ReadByte("mask")));
        return finding;
    }

    /// <summary>Rollback to the case's checkpoint, whose scale is the output's own.</summary>
    private sbyte[] Mend(SafetensorsFile arrays, Finding finding, sbyte[] faulty, float[] scales)
    {
        const int earlier = 0, now = 1;
        var store = new CheckpointStore();
        var layer = default(LayerKey);
        if (entry.Checkpoint)
        {
            var kept = arrays.ReadSByte("checkpoint");
            store.Save(layer, earlier, new LayerOutput(_m, _n, Values(kept, scales), scales, kept));
        }

        sbyte[] mended = [.. faulty];
        store.TryGet(layer, now, out var checkpoint);
        new Rollback().Mend(finding, checkpoint, new LayerOutput(_m, _n, Values(faulty, scales), scales, mended));
        return mended;
    }

    private static (sbyte[] Codes, float[] Scales) Quantise(SafetensorsFile arrays, string operand, long? count, int groups, List<OutputCheck> checks)
    {
        var values = count is { } expected ? arrays.ReadFloat(operand, expected) : arrays.ReadFloat(operand);
        var scales = Scales(values, groups);
        checks.Add(OutputCheck.Relative($"{operand}_scale", scales, arrays.ReadFloat($"{operand}_scale"), Tolerance));
        return (Codes(values, scales), scales);
    }

    private static float[] Scales(float[] values, int groups) => [.. values.Chunk(Math.Max(1, values.Length / groups)).Select(group => Quantizer.Scale(group))];

    private static sbyte[] Codes(float[] values, float[] scales)
    {
        var each = values.Length / scales.Length;
        var codes = new sbyte[values.Length];
        for (var group = 0; group < scales.Length; group++)
            Quantizer.Quantise(values.AsSpan(group * each, each), each, scales[group], codes.AsSpan(group * each, each), each);
        return codes;
    }

    private static float[] Values(sbyte[] codes, float[] scales)
    {
        var each = codes.Length / scales.Length;
        return [.. codes.Select((code, i) => code * scales[i / each])];
    }

    private int[] Accumulators(GemmOutput product) => [.. Enumerable.Range(0, _m).SelectMany(row => product.Row(row).ToArray())];

    private float[] Dequantise(GemmOutput product, float[] xScales, float[] wScales, float[] bias)
    {
        var values = new float[_m * _n];
        var columns = wScales.Length == 1 ? [.. Enumerable.Repeat(wScales[0], _n)] : wScales;
        new Epilogue(xScales, columns, bias).Apply(product, null, values);
        return values;
    }
}
