using Drift.Kernels;

namespace Drift.Abft;

/// <summary>
/// A fp32 product with the line sums of its tiles, all in fp32: expected sums from the operands' summed lines, observed ones from the outputs as they are. What rounding explains is a bound's business
/// (<see cref="IRoundingBound"/>). Reused from product to product.
/// </summary>
public sealed class CheckedFloatProduct
{
    private readonly OperandLines _activationLines = new(), _weightLines = new();
    private float[] _outputs = [];
    private float[] _rows = [], _columns = [];
    private float[] _observedRows = [], _observedColumns = [];
    private FloatWeights? _weights;

    /// <summary>M, N and K.</summary>
    public GemmShape Shape { get; private set; }

    /// <summary>Edge of a tile.</summary>
    public int Tile { get; private set; }

    /// <summary>W, packed.</summary>
    /// <exception cref="InvalidOperationException">There are no weights yet.</exception>
    public FloatWeights Weights => _weights ?? throw new InvalidOperationException("there are no weights yet");

    /// <summary>C [M, N]. Whoever changes it observes again.</summary>
    public Span<float> Outputs => _outputs.AsSpan(0, Shape.M * Shape.N);

    /// <summary>Expected row sums [M, tile columns].</summary>
    public Span<float> ExpectedRows => _rows.AsSpan(0, Shape.M * _weightLines.Tiles);

    /// <summary>Expected column sums [tile rows, N].</summary>
    public Span<float> ExpectedColumns => _columns.AsSpan(0, _activationLines.Tiles * Shape.N);

    /// <summary>Observed row sums [M, tile columns].</summary>
    public Span<float> ObservedRows => _observedRows.AsSpan(0, Shape.M * _weightLines.Tiles);

    /// <summary>Observed column sums [tile rows, N].</summary>
    public Span<float> ObservedColumns => _observedColumns.AsSpan(0, _activationLines.Tiles * Shape.N);

    /// <summary>Takes the weights.</summary>
    /// <param name="weights">W [N, K], row-major without gaps; all finite.</param>
    /// <param name="n">Output features.</param>
    /// <param name="k">Input features.</param>
    /// <param name="tile">Edge of a tile, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold N x K finite values.</exception>
    public void Prepare(ReadOnlySpan<float> weights, int n, int k, int tile)
    {
        _weightLines.Measure(weights, n, k, tile);
        (Shape, Tile) = (new GemmShape(0, n, k), tile);
        if (_weights is null || (_weights.N, _weights.K) != (n, k))
            _weights = new FloatWeights(n, k);
        _weights.Fill(weights, k, 1);
    }

    /// <summary>Multiplies, and sums all lines.</summary>
    /// <param name="activations">A [M, K], row-major without gaps; all finite.</param>
    /// <param name="m">Rows.</param>
    /// <exception cref="ArgumentException">The span does not hold M x K finite values.</exception>
    /// <exception cref="InvalidOperationException">There are no weights yet.</exception>
    public void Multiply(ReadOnlySpan<float> activations, int m)
    {
        var weights = Weights;
        _activationLines.Measure(activations, m, Shape.K, Tile);
        Shape = new GemmShape(m, Shape.N, Shape.K);
        Grow(ref _outputs, m * Shape.N);
        Grow(ref _rows, m * _weightLines.Tiles);
        Grow(ref _observedRows, m * _weightLines.Tiles);
        Grow(ref _columns, _activationLines.Tiles * Shape.N);
        Grow(ref _observedColumns, _activationLines.Tiles * Shape.N);
        FloatGemm.Multiply(activations, m, weights, [], Outputs);
        FloatGemm.Multiply(activations, m, FloatGemm.Pack(_weightLines.Sums, _weightLines.Tiles, Shape.K), [], ExpectedRows);
        FloatGemm.Multiply(_activationLines.Sums, _activationLines.Tiles, weights, [], ExpectedColumns);
        Observe();
    }

    /// <summary>Sums the lines of the outputs as they are.</summary>
    public void Observe()
    {
        var (m, n, _) = Shape;
        ObservedRows.Clear();
        ObservedColumns.Clear();
        for (var i = 0; i < m; i++)
        {
            ReadOnlySpan<float> row = Outputs.Slice(i * n, n);
            var columns = ObservedColumns.Slice(i / Tile * n, n);
            for (var j = 0; j < n; j++)
            {
                ObservedRows[i * _weightLines.Tiles + j / Tile] += row[j];
                columns[j] += row[j];
            }
        }
    }

    /// <summary>The largest deviation that a bound leaves to rounding on a row of a tile.</summary>
    /// <param name="bound">The bound.</param>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public double RowThreshold(IRoundingBound bound, int row, int tileColumn) =>
        Threshold(bound, _activationLines, row, _weightLines, tileColumn, ExpectedRows[row * _weightLines.Tiles + tileColumn]);

    /// <summary>The largest deviation that a bound leaves to rounding on a column of a tile.</summary>
    /// <param name="bound">The bound.</param>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public double ColumnThreshold(IRoundingBound bound, int tileRow, int column) =>
        Threshold(bound, _weightLines, column, _activationLines, tileRow, ExpectedColumns[tileRow * Shape.N + column]);

    /// <summary>The expected sum of a row of a tile.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public float ExpectedRow(int row, int tileColumn) => ExpectedRows[row * _weightLines.Tiles + tileColumn];

    /// <summary>Observed minus expected on a row of a tile.</summary>
    /// <param name="row">Row, 0..M-1.</param>
    /// <param name="tileColumn">Tile counted from the left.</param>
    public double RowDeviation(int row, int tileColumn) =>
        (double)ObservedRows[row * _weightLines.Tiles + tileColumn] - ExpectedRows[row * _weightLines.Tiles + tileColumn];

    /// <summary>Observed minus expected on a column of a tile.</summary>
    /// <param name="tileRow">Tile counted from the top.</param>
    /// <param name="column">Column, 0..N-1.</param>
    public double ColumnDeviation(int tileRow, int column) => (double)ObservedColumns[tileRow * Shape.N + column] - ExpectedColumns[tileRow * Shape.N + column];

    /// <summary>Flags the lines whose deviation rounding does not explain; a sum that is no number is one.</summary>
    /// <param name="bound">The bound.</param>
    /// <param name="finding">Takes the verdict.</param>
    public void Judge(IRoundingBound bound, Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        finding.Reset(Shape.M, Shape.N, Tile);
        for (var i = 0; i < Shape.M; i++)
        {
            for (var t = 0; t < finding.TileColumns; t++)
            {
                if (!(Math.Abs(RowDeviation(i, t)) <= RowThreshold(bound, i, t)))
                    finding.FlagRow(i, t);
            }
        }

        for (var t = 0; t < finding.TileRows; t++)
        {
            for (var j = 0; j < Shape.N; j++)
            {
                if (!(Math.Abs(ColumnDeviation(t, j)) <= ColumnThreshold(bound, t, j)))
                    finding.FlagColumn(t, j);
            }
        }
    }

    private static double Threshold(IRoundingBound bound, OperandLines own, int line, OperandLines others, int tile, float expected)
    {
        ArgumentNullException.ThrowIfNull(bound);
        return bound.Of(new CheckedLine
        {
            Own = own.Line(line),
            Others = others.Group(tile),
            OtherNorms = others.NormsOf(tile),
            Summed = others.Summed(tile),
            Depth = own.Depth,
            Terms = own.Terms,
            Length = Math.Min(others.Tile, others.Count - tile * others.Tile),
            Expected = float.IsFinite(expected) ? expected : 0,
            Format = FloatFormat.Single,
        });
    }

    private static void Grow(ref float[] array, int length)
    {
        if (array.Length < length)
            array = new float[length];
    }
}
