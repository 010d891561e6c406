using System.Numerics;
using System.Runtime.InteropServices;

namespace Drift.Abft;

/// <summary>
/// One operand of a fp32 product for the checks: its lines (rows of A, or rows of W) as <see cref="DepthProfile"/>s, and the same of each tile's lines together and of their sum. Reused from operand to operand
/// without allocation. O(1) work an element, against K of the product.
/// </summary>
public sealed class OperandLines
{
    /// <summary>Blocks that K is cut into.</summary>
    public const int Blocks = 8;

    private readonly Profiles _own = new(), _groups = new(), _summed = new();
    private readonly double[] _terms = new double[Blocks];
    private float[] _sums = [];
    private double[] _norms = [];

    /// <summary>Lines.</summary>
    public int Count { get; private set; }

    /// <summary>K.</summary>
    public int Depth { get; private set; }

    /// <summary>Lines of a tile.</summary>
    public int Tile { get; private set; }

    /// <summary>Tiles.</summary>
    public int Tiles => (Count + Tile - 1) / Tile;

    /// <summary>The sum of each tile's lines [tiles, K].</summary>
    public ReadOnlySpan<float> Sums => _sums.AsSpan(0, Tiles * Depth);

    /// <summary>Terms of K in each block.</summary>
    public ReadOnlySpan<double> Terms => _terms;

    /// <summary>A line.</summary>
    /// <param name="line">Line, from 0.</param>
    public DepthProfile Line(int line) => _own.At(line);

    /// <summary>A tile's lines together.</summary>
    /// <param name="tile">Tile, from 0.</param>
    public DepthProfile Group(int tile) => _groups.At(tile);

    /// <summary>The sum of a tile's lines.</summary>
    /// <param name="tile">Tile, from 0.</param>
    public DepthProfile Summed(int tile) => _summed.At(tile);

    /// <summary>Sum of the norms of a tile's lines.</summary>
    /// <param name="tile">Tile, from 0.</param>
    public double NormsOf(int tile) => _norms[tile];

    /// <summary>Measures an operand.</summary>
    /// <param name="values">[lines, K], row-major without gaps.</param>
    /// <param name="lines">Lines, at least 1.</param>
    /// <param name="depth">K, at least 1.</param>
    /// <param name="tile">Lines of a tile, at least 1.</param>
    /// <exception cref="ArgumentException">The span does not hold lines x K values, or one of them is not finite; the message says which.</exception>
    public void Measure(ReadOnlySpan<float> values, int lines, int depth, int tile)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lines, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tile, 1);
        if (values.Length != (long)lines * depth)
            throw new ArgumentException($"{lines} lines of {depth} need {(long)lines * depth} values, the span has {values.Length}", nameof(values));
        (Count, Depth, Tile) = (lines, depth, tile);
        if (_sums.Length < Tiles * depth)
            _sums = new float[Tiles * depth];
        if (_norms.Length < Tiles)
            _norms = new double[Tiles];
        for (var block = 0; block < Blocks; block++)
            _terms[block] = TermsOf(depth, block);
        _own.Reset(lines);
        _groups.Reset(Tiles);
        _summed.Reset(Tiles);
        _sums.AsSpan(0, Tiles * depth).Clear();
        _norms.AsSpan(0, Tiles).Clear();
        for (var line = 0; line < lines; line++)
        {
            var own = values.Slice(line * depth, depth);
            var group = line / tile;
            _own.Measure(line, own);
            RequireFinite(own, line);
            _groups.Join(group, _own.At(line));
            _norms[group] += _own.At(line).Norm;
            Add(own, _sums.AsSpan(group * depth, depth));
        }

        for (var group = 0; group < Tiles; group++)
            _summed.Measure(group, _sums.AsSpan(group * depth, depth));
        _groups.TakeRoots();
    }

    /// <summary>Terms of K in a block: the last ones may be shorter, or empty.</summary>
    private static int TermsOf(int depth, int block)
    {
        var whole = (depth + Blocks - 1) / Blocks;
        return Math.Clamp(depth - block * whole, 0, whole);
    }

    private void RequireFinite(ReadOnlySpan<float> values, int line)
    {
        if (double.IsFinite(_own.At(line).Norm))
            return;
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new ArgumentException($"an operand of a checked product is {values[i]} at row {line}, column {i}; expected finite values", nameof(values));
        }
    }

    private static void Add(ReadOnlySpan<float> values, Span<float> sums)
    {
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(sums[i..]) + new Vector<float>(values[i..])).CopyTo(sums[i..]);
        for (; i < values.Length; i++)
            sums[i] += values[i];
    }

    /// <summary>Profiles of some lines, side by side.</summary>
    private sealed class Profiles
    {
        private double[] _sums = [];
        private double[] _squares = [];
        private double[] _largest = [];
        private int _count;

        public DepthProfile At(int line) => new(_sums.AsSpan(line * Blocks, Blocks), _squares.AsSpan(line * Blocks, Blocks), _largest[line]);

        public void Reset(int count)
        {
            if (_largest.Length < count)
                (_sums, _squares, _largest) = (new double[count * Blocks], new double[count * Blocks], new double[count]);
            _count = count;
            _sums.AsSpan(0, count * Blocks).Clear();
            _squares.AsSpan(0, count * Blocks).Clear();
            _largest.AsSpan(0, count).Clear();
        }

        public void Measure(int line, ReadOnlySpan<float> values)
        {
            var largest = 0f;
            for (int block = 0, start = 0; block < Blocks; block++)
            {
                var terms = values.Slice(start, TermsOf(values.Length, block));
                start += terms.Length;
                var (sum, square, most) = Moments(terms);
                (_sums[line * Blocks + block], _squares[line * Blocks + block]) = (sum, square);
                largest = Math.Max(largest, most);
            }

            _largest[line] = largest;
        }

        /// <summary>Adds a line to a group: sums as squares, until <see cref="TakeRoots"/>.</summary>
        public void Join(int group, in DepthProfile line)
        {
            for (var block = 0; block < Blocks; block++)
            {
                _sums[group * Blocks + block] += line.Sums[block] * line.Sums[block];
                _squares[group * Blocks + block] += line.Squares[block];
            }

            _largest[group] = Math.Max(_largest[group], line.Largest);
        }

        public void TakeRoots()
        {
            foreach (ref var sum in _sums.AsSpan(0, _count * Blocks))
                sum = Math.Sqrt(sum);
        }

        /// <summary>In double precision: squares of fp32 values neither overflow nor underflow.</summary>
        private static (double Sum, double Square, float Largest) Moments(ReadOnlySpan<float> values)
        {
            var (sums, squares, largest) = (Vector<double>.Zero, Vector<double>.Zero, Vector<float>.Zero);
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
            foreach (var vector in vectors)
            {
                Vector.Widen(vector, out var low, out var high);
                sums += low + high;
                squares += low * low + high * high;
                largest = Vector.Max(largest, Vector.Abs(vector));
            }

            double sum = Vector.Sum(sums), square = Vector.Sum(squares);
            var most = 0f;
            for (var i = 0; i < Vector<float>.Count; i++)
                most = Math.Max(most, largest[i]);
            foreach (var value in values[(vectors.Length * Vector<float>.Count)..])
            {
                sum += value;
                square += (double)value * value;
                most = Math.Max(most, Math.Abs(value));
            }

            return (sum, square, most);
        }
    }
}
