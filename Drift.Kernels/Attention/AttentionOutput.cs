using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Drift.Kernels;

/// <summary>
/// One worker's side of P V: the packed values of a head, and the rows of its output while blocks of keys pass by. With checks, the line sums of V stand as one more column of V where the
/// last vector of columns has a lane to spare: the weights times V's line sums, which each row of the output must sum to, then come out of the product itself and pass through every
/// rescaling with the row. The last panel's columns are kept apart until the last block, since behind a head's values the next head's stand. Where no lane is free, the softmax sums the weights.
/// </summary>
internal sealed unsafe class AttentionOutput
{
    private const int PanelColumns = FloatWeights.PanelColumns, Lanes = MicroTile.Lanes;

    private readonly AttentionCall _call;
    private readonly int _depth, _width, _keys, _apart;
    private readonly FloatWeights _panels;
    private readonly Tensor _valueSums, _checks, _last;

    /// <summary>Rents memory.</summary>
    /// <param name="call">The call.</param>
    /// <param name="keys">Keys of the sample that the mask left.</param>
    /// <param name="workspace">Lends it until its scope ends.</param>
    public AttentionOutput(AttentionCall call, int keys, Workspace workspace)
    {
        (_call, _depth, _width, _keys) = (call, call.Depth, call.Queries.Columns, keys);
        Rides = call.Sums is not null && _depth % MicroTile.Lanes != 0;
        _apart = Rides ? _depth % PanelColumns : 0;
        _panels = new FloatWeights(Rides ? _depth + 1 : _depth, keys, workspace);
        (_valueSums, _checks) = (workspace.Rent(Softmax.Padded(keys)), workspace.Rent(AttentionBlocks.Queries));
        _last = workspace.Rent(AttentionBlocks.Queries, PanelColumns);
    }

    /// <summary>Whether the checks come out of the product.</summary>
    private bool Rides { get; }

    /// <summary>Line sums of V, a value a key and zeros behind them, where the softmax sums the weights; else empty.</summary>
    public Span<float> ValueSums => _call.Sums is null || Rides ? [] : _valueSums.Span;

    /// <summary>Weights times V's line sums, a value a row of the block, where the softmax sums the weights; else empty.</summary>
    public Span<float> Checks => _call.Sums is null || Rides ? [] : _checks.Span;

    /// <summary>Packs the values of a head.</summary>
    /// <param name="values">The first one, and what follows.</param>
    public void Fill(ReadOnlySpan<float> values)
    {
        var sums = _call.Sums is null ? [] : _valueSums.Span;
        _panels.FillRows(values, _width, _depth, _call.Bfloat16 ? [] : sums);
        if (_call.Bfloat16)
        {
            Rounding.ToBfloat16(_panels.Panels);
            _panels.SumRows(sums);
        }

        if (!sums.IsEmpty)
            sums[_keys..].Clear();
        if (Rides)
            _panels.SetColumn(_depth, sums[.._keys]);
    }

    /// <summary>Adds a block of keys to some rows.</summary>
    /// <param name="weights">First row of weights.</param>
    /// <param name="stride">Values between those.</param>
    /// <param name="rows">Rows of a register tile.</param>
    /// <param name="top">The first of them within its block of queries.</param>
    /// <param name="key">First key of the block.</param>
    /// <param name="count">Keys of the block.</param>
    /// <param name="rescale">What earlier blocks are multiplied by, a value a row; null where there is none, or none matters.</param>
    /// <param name="output">First row of the output.</param>
    public void Add(float* weights, nint stride, int rows, int top, int key, int count, float* rescale, float* output)
    {
        fixed (float* panels = _panels.Panels, last = _last.Span)
        {
            float* panel = panels + (nint)key * PanelColumns, rest = last + top * PanelColumns;
            var panelStride = (nint)_keys * PanelColumns;
            for (var row = 0; row < rows && rescale != null; row++)
            {
                // 1 where the largest score did not grow, as in most blocks.
                if (rescale[row] != 1)
                    Multiply(output + row * _width, rest + row * PanelColumns, rescale[row]);
            }

            // The micro-kernel asks for a row's lines from its first vectors on; where they straddle lines, the last one is waited for when the row is summed.
            for (var row = 0; row < rows && Rides && Sse.IsSupported; row++)
                Sse.Prefetch0(output + row * _width + _depth - 1);

            // What is apart comes first: it has left the processor's store queue when it joins the rows.
            var whole = _depth - _apart;
            if (Rides)
                FloatPanel.Multiply(weights, stride, rows, panel + whole / PanelColumns * panelStride, panelStride, count, rest, PanelColumns, _apart + 1, key > 0);
            if (whole > 0)
                FloatPanel.Multiply(weights, stride, rows, panel, panelStride, count, output, _width, whole, key > 0);
        }
    }

    /// <summary>After the last block: what was apart joins the rows, planned flips are made, and rows of several blocks are divided by their weights; then they are summed.</summary>
    /// <param name="place">Rows of a register tile.</param>
    /// <param name="top">The first of them within its block of queries.</param>
    /// <param name="weights">Each row's sum of weights; null where the weights were divided by it before.</param>
    /// <param name="output">First row of the output.</param>
    public void Close(in AttentionPlace place, int top, float* weights, float* output)
    {
        var rows = place.Rows;
        fixed (float* checks = _checks.Span[top..], last = _last.Span[(top * PanelColumns)..])
        {
            var planned = _call.OutputFaults is { } plans && !plans[place.Product].IsEmpty;
            if (Rides && !planned)
            {
                JoinAndSum(place, weights, last, output);
                return;
            }

            for (var row = 0; row < rows && Rides; row++)
            {
                var rest = last + row * PanelColumns;
                new ReadOnlySpan<float>(rest, _apart).CopyTo(new Span<float>(output + row * _width + _depth - _apart, _apart));
                checks[row] = rest[_apart];
            }

            place.Toggle(_call.OutputFaults, 0, _depth, output, _width);
            for (var row = 0; row < rows && weights != null; row++)
            {
                var share = 1 / weights[row];
                OnlineSoftmax.Multiply(output + row * _width, _depth, share);
                checks[row] *= share;
            }

            if (_call.Sums is not { } taken)
                return;
            var first = place.Product * taken.Tokens + place.First;
            new ReadOnlySpan<float>(checks, rows).CopyTo(taken.ExpectedOutputs[first..]);
            fixed (float* observed = taken.ObservedOutputs[first..])
                FloatLines.Dots(output, _width, rows, _depth, null, observed, 1);
        }
    }

    /// <summary>The same in one pass over the rows, where no flips come in between.</summary>
    [SkipLocalsInit]
    private void JoinAndSum(in AttentionPlace place, float* weights, float* last, float* output)
    {
        var taken = _call.Sums!;
        var (first, whole, ragged) = (place.Product * taken.Tokens + place.First, _depth - _apart, _apart % Lanes);
        var there = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(ragged)).AsSingle();
        float* lanes = stackalloc float[MicroTile.MostRows * Lanes];
        fixed (float* expected = taken.ExpectedOutputs[first..], observed = taken.ObservedOutputs[first..])
        {
            for (var row = 0; row < place.Rows; row++, output += _width, last += PanelColumns)
            {
                var (sum, share) = (Vector512<float>.Zero, 1f);
                if (weights == null)
                {
                    for (var at = 0; at < whole; at += Lanes)
                        sum += Vector512.Load(output + at);
                }
                else
                {
                    share = 1 / weights[row];
                    for (var at = 0; at < whole; at += Lanes)
                    {
                        var values = Vector512.Load(output + at) * share;
                        values.Store(output + at);
                        sum += values;
                    }
                }

                // Times 1 where the weights were divided before: the same bits.
                var joined = 0;
                for (; joined <= _apart - Lanes; joined += Lanes)
                {
                    var values = Vector512.Load(last + joined) * share;
                    values.Store(output + whole + joined);
                    sum += values;
                }

                var rest = Vector512.Load(last + joined) * share;
                VectorMath.Store(rest, new Span<float>(output + whole + joined, ragged));
                (sum + (rest & there)).Store(lanes + row * Lanes);
                expected[row] = last[_apart] * share;
            }

            RowLanes.Fold(lanes, place.Rows, observed, 1);
        }
    }

    private void Multiply(float* row, float* last, float factor)
    {
        OnlineSoftmax.Multiply(row, _depth - _apart, factor);
        if (Rides)
            OnlineSoftmax.Multiply(last, _apart + 1, factor);
    }
}
