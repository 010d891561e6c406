namespace Drift.Kernels;

/// <summary>
/// One worker's attention, a head at a time: a block of queries meets one block of keys after the other, a register tile of rows at a time, so that no more scores exist than the
/// first-level cache holds. K and V are packed once a head. Its memory is rented by the thread that owns the workspace.
/// </summary>
internal sealed unsafe class AttentionHead
{
    // Rows of scores do not share cache sets with the next but one.
    private const int Lanes = VectorMath.Lanes, MostRows = AttentionBlocks.Queries, PanelColumns = FloatWeights.PanelColumns;

    private readonly AttentionCall _call;
    private readonly int _depth, _width, _scoreStride, _keys;
    private readonly Tensor _scores, _lanes, _largest, _weights, _rescale, _keySums;
    private readonly FloatWeights _keyPanels;
    private readonly AttentionQueries _queries;
    private readonly AttentionOutput _output;
    private readonly float _scale;

    /// <summary>Rents memory.</summary>
    /// <param name="call">The call.</param>
    /// <param name="keys">Keys of the sample that the mask left.</param>
    /// <param name="workspace">Lends it until its scope ends.</param>
    public AttentionHead(AttentionCall call, int keys, Workspace workspace)
    {
        (_call, _keys, _depth, _width) = (call, keys, call.Depth, call.Queries.Columns);
        _scale = call.Scale ?? 1 / MathF.Sqrt(_depth);
        _scoreStride = Softmax.Padded(Math.Min(keys, AttentionBlocks.Keys)) + Lanes;
        _queries = new AttentionQueries(call, workspace);
        _scores = workspace.Rent(MicroTile.MostRows, Math.Max(_scoreStride, _depth));
        _lanes = workspace.Rent(2 * MicroTile.MostRows, Lanes);
        (_largest, _weights, _rescale) = (workspace.Rent(MostRows), workspace.Rent(MostRows), workspace.Rent(MostRows));
        var blocks = (keys + AttentionBlocks.Keys - 1) / AttentionBlocks.Keys;
        _keySums = workspace.Rent(blocks, _depth);
        _keyPanels = new FloatWeights(keys, _depth, workspace);
        _output = new AttentionOutput(call, keys, workspace);
    }

    /// <summary>With checks: whether all sums so far are finite that every operand takes part in.</summary>
    public bool IsFinite { get; private set; } = true;

    private bool IsGuarded => _call.Sums is not null;

    /// <summary>Some blocks of queries of a head.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="head">The head.</param>
    /// <param name="operands">The sample's keys and values.</param>
    /// <param name="firstBlock">First block of queries.</param>
    /// <param name="endBlock">Behind the last one.</param>
    public void Run(int sample, int head, in SampleKeys operands, int firstBlock, int endBlock)
    {
        var (keys, values, at) = (operands.Keys, operands.Values, operands.First + head * _depth);
        Fill(keys.Span[at..]);
        _output.Fill(values.Span[at..]);
        for (var block = firstBlock; block < endBlock; block++)
            Block(sample, head, block, operands.Kept);
        if (_call.Sums is { } sums)
            IsFinite &= AreFinite(sums, sample * _call.Heads + head, firstBlock * AttentionBlocks.Queries, Math.Min(_call.Tokens, endBlock * AttentionBlocks.Queries));
    }

    /// <summary>Packs a head's keys, and sums each block of them, as they are multiplied.</summary>
    private void Fill(ReadOnlySpan<float> keys)
    {
        fixed (float* first = keys, sums = _keySums.Span)
        {
            for (var key = 0; key < _keys; key += PanelColumns)
            {
                // Summed first, line by line: what the packing reads in squares is in the first-level cache then.
                if (IsGuarded && !_call.Bfloat16)
                    FloatLines.Sum(first + (nint)key * _width, _width, Math.Min(PanelColumns, _keys - key), _depth, sums + key / AttentionBlocks.Keys * _depth, key % AttentionBlocks.Keys > 0);
                _keyPanels.FillPanel(key, keys, _width, 1);
            }
        }

        if (!_call.Bfloat16)
            return;
        Rounding.ToBfloat16(_keyPanels.Panels);
        _keySums.Span.Clear();
        for (var key = 0; key < _keys && IsGuarded; key++)
            Activation.Add(_keySums.Span.Slice(key / AttentionBlocks.Keys * _depth, _depth), Rounded(keys.Slice(key * _width, _depth)));
    }

    /// <summary>A line rounded to bf16; valid until the next one.</summary>
    private Span<float> Rounded(ReadOnlySpan<float> line)
    {
        var rounded = _scores.Span[..line.Length];
        line.CopyTo(rounded);
        Rounding.ToBfloat16(rounded);
        return rounded;
    }

    private void Block(int sample, int head, int block, ReadOnlySpan<int> kept)
    {
        var first = block * AttentionBlocks.Queries;
        var place = new AttentionPlace(sample, head, sample * _call.Heads + head, block, first, Math.Min(AttentionBlocks.Queries, _call.Tokens - first));
        var origin = (sample * _call.Tokens + first) * _width + head * _depth;
        _queries.Begin();

        // Keys that no query of the block may see are left out.
        var seen = _call.Causal && kept.IsEmpty ? Math.Min(_keys, first + place.Rows + _keys - _call.Tokens) : _keys;
        var rows = IsGuarded ? place.Rows + 1 : place.Rows;
        var tiles = (rows + MicroTile.MostRows - 1) / MicroTile.MostRows;
        fixed (float* queries = _call.Queries.Span[origin..], output = _call.Output.Span[origin..])
        {
            for (var key = 0; key < seen; key += AttentionBlocks.Keys)
            {
                for (var tile = 0; tile < tiles; tile++)
                {
                    int top = rows * tile / tiles, end = rows * (tile + 1) / tiles;
                    var part = place with { First = first + top, Rows = Math.Min(end, place.Rows) - top };
                    Take(part, queries + top * _width, key, seen);
                    Tile(part, top, end > place.Rows, key, seen, kept, output + top * _width);
                }
            }
        }
    }

    /// <summary>A tile's queries, and with the first block of keys what the checks need of them: their sum, and their products with the sum of each block's keys.</summary>
    private void Take(in AttentionPlace place, float* queries, int key, int seen)
    {
        if (key > 0 || _call.Sums is not { } sums)
        {
            _queries.Copy(queries, place.Rows);
            return;
        }

        fixed (float* expected = sums.ExpectedScoreRows[((place.Product * sums.Tokens + place.First) * sums.KeyBlocks)..], keySums = _keySums.Span)
        {
            _queries.Copy(queries, place.Rows, keySums, expected, sums.KeyBlocks);
            fixed (float* rows = _queries.Rows)
            {
                for (var block = 1; block * AttentionBlocks.Keys < seen; block++)
                    FloatLines.Dots(rows, _queries.Stride, place.Rows, _depth, keySums + block * _depth, expected + block, sums.KeyBlocks);
            }
        }
    }

    /// <summary>A register tile of rows meets a block of keys.</summary>
    /// <param name="place">The rows.</param>
    /// <param name="top">The first of them within its block of queries.</param>
    /// <param name="summed">Whether the row of the queries' sum follows them.</param>
    /// <param name="key">First key of the block.</param>
    /// <param name="seen">Keys of all blocks that are seen.</param>
    /// <param name="kept">The place of each key before others were left out.</param>
    /// <param name="output">First row of the output.</param>
    private void Tile(in AttentionPlace place, int top, bool summed, int key, int seen, ReadOnlySpan<int> kept, float* output)
    {
        var count = Math.Min(AttentionBlocks.Keys, seen - key);
        var padded = Softmax.Padded(count);
        fixed (float* scores = _scores.Span, lanes = _lanes.Span, valueSums = _output.ValueSums, checks = _output.Checks)
        fixed (float* largest = _largest.Span, weights = _weights.Span, rescale = _rescale.Span)
        {
            var state = new SoftmaxState { Largest = largest + top, Weights = weights + top, Rescale = rescale + top };
            if (valueSums != null)
            {
                state.Checks = checks + top;
                state.CheckLanes = lanes + MicroTile.MostRows * Lanes;
            }

            var summing = Score(place, top, summed, key, count, kept, scores);
            if (summing)
                state.Scores = lanes;
            for (var row = 0; row < place.Rows; row++)
                new Span<float>(scores + row * _scoreStride + count, padded - count).Fill(float.NegativeInfinity);
            OnlineSoftmax.Add(scores, scores, _scoreStride, place.Rows, count, _call.Bias is null ? _scale : 1, key == 0, valueSums == null ? null : valueSums + key, state);
            if (summing)
                FoldRows(place, key, lanes);
            var single = seen <= AttentionBlocks.Keys;
            if (single)
                OnlineSoftmax.Divide(scores, _scoreStride, place.Rows, padded, state);
            _output.Add(scores, _scoreStride, place.Rows, top, key, count, key == 0 ? null : state.Rescale, output);
            if (key + count == seen)
                _output.Close(place, top, single ? null : state.Weights, output);
        }
    }

    /// <summary>Raw scores with their sums, then scale and bias where there is one, then what a causal mask bars. Whether the sums along the rows are still to be taken: of scores as they are.</summary>
    private bool Score(in AttentionPlace place, int top, bool summed, int key, int count, ReadOnlySpan<int> kept, float* scores)
    {
        // A block's sums are those of all its keys, also where the last query sees a part of them.
        var (whole, changed, summing) = (IsGuarded ? Math.Min(AttentionBlocks.Keys, _keys - key) : count, _call.Bias is not null || _call.Causal, false);
        fixed (float* queries = _queries.Rows, panels = _keyPanels.Panels)
        {
            if (_call.Sums is { } sums)
                summing = ScoreAndSum(sums, place, top, summed, key, whole, changed, queries, panels + (nint)key * _depth, scores);
            else
                FloatPanel.Multiply(queries, _queries.Stride, place.Rows, panels + (nint)key * _depth, (nint)_depth * PanelColumns, _depth, scores, _scoreStride, whole, false);
        }

        if (!IsGuarded)
            place.Toggle(_call.ScoreFaults, key, whole, scores, _scoreStride);
        for (var row = 0; changed && row < place.Rows; row++)
        {
            var target = _scores.Span.Slice(row * _scoreStride, count);
            if (_call.Bias is { } bias)
                AddBias(target, bias.Slice(bias.Shape[0] == 1 ? 0 : place.Head, 1), place.First + row, key, kept);
            if (!_call.Causal)
                continue;
            var last = place.First + row + _call.KeyTokens - _call.Tokens;
            for (var j = count - 1; j >= 0 && (kept.IsEmpty ? key + j : kept[key + j]) > last; j--)
                target[j] = float.NegativeInfinity;
        }

        return summing;
    }

    /// <summary>
    /// Scores with their sums: along the columns the micro-kernel takes them, along the rows the pass that looks for the largest, unless flips or a change of the scores come before it. Whether it
    /// still has to.
    /// </summary>
    private bool ScoreAndSum(AttentionSums sums, in AttentionPlace place, int top, bool summed, int key, int count, bool changed, float* queries, float* panels, float* scores)
    {
        var columns = (place.Product * sums.QueryBlocks + place.Block) * sums.Keys + key;
        var planned = _call.ScoreFaults is { } plans && !plans[place.Product].IsEmpty;
        fixed (float* rowSums = RowSums(sums, place, key), columnSums = sums.ObservedScoreColumns[columns..], expected = sums.ExpectedScoreColumns[columns..], sum = _queries.Sum)
        {
            PanelSums taken = default;
            taken.CheckRow = summed ? sum : null;
            taken.Check = expected;
            taken.Columns = planned ? null : columnSums;
            taken.ColumnsBegun = top > 0;
            FloatPanel.Multiply(queries, _queries.Stride, place.Rows, panels, (nint)_depth * PanelColumns, _depth, scores, _scoreStride, count, false, taken);
            if (planned)
            {
                place.Toggle(_call.ScoreFaults, key, count, scores, _scoreStride);
                if (top == 0)
                    new Span<float>(columnSums, count).Clear();
                FloatLines.Add(scores, _scoreStride, place.Rows, count, rowSums, sums.KeyBlocks, columnSums);
            }
            else if (changed)
            {
                FloatLines.Dots(scores, _scoreStride, place.Rows, count, null, rowSums, sums.KeyBlocks);
            }
        }

        return !planned && !changed;
    }

    /// <summary>A tile's sums along the rows from their lanes.</summary>
    private void FoldRows(in AttentionPlace place, int key, float* lanes)
    {
        fixed (float* rowSums = RowSums(_call.Sums!, place, key))
            RowLanes.Fold(lanes, place.Rows, rowSums, _call.Sums!.KeyBlocks);
    }

    private static Span<float> RowSums(AttentionSums sums, in AttentionPlace place, int key) =>
        sums.ObservedScoreRows[((place.Product * sums.Tokens + place.First) * sums.KeyBlocks + key / AttentionBlocks.Keys)..];

    /// <summary>Whether the sums that every operand takes part in are finite, for some queries of a head.</summary>
    private static bool AreFinite(AttentionSums sums, int product, int first, int end)
    {
        int from = product * sums.Tokens + first, to = product * sums.Tokens + end;
        return RangeGuard.FirstOf(sums.ExpectedScoreRows[(from * sums.KeyBlocks)..(to * sums.KeyBlocks)]) < 0 && RangeGuard.FirstOf(sums.ExpectedOutputs[from..to]) < 0;
    }

    /// <summary>scores = scale x scores + bias, with the bias of this query and of the keys that were kept.</summary>
    private void AddBias(Span<float> scores, Tensor bias, int query, int key, ReadOnlySpan<int> kept)
    {
        ReadOnlySpan<float> offsets = bias.Span.Slice(query * bias.Columns, bias.Columns);
        for (var j = 0; j < scores.Length; j++)
            scores[j] = MathF.FusedMultiplyAdd(scores[j], _scale, offsets[kept.IsEmpty ? key + j : kept[key + j]]);
    }
}
