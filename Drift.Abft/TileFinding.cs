using System.Numerics;

namespace Drift.Abft;

/// <summary>The flagged lines of one tile. A view of its <see cref="Finding"/>.</summary>
public readonly ref struct TileFinding
{
    internal TileFinding(int tileRow, int tileColumn, int tile, int width, ReadOnlySpan<ulong> rows, ReadOnlySpan<ulong> columns)
    {
        (TileRow, TileColumn, Width) = (tileRow, tileColumn, width);
        Rows = new FlaggedLines(rows, tileRow * tile);
        Columns = new FlaggedLines(columns, tileColumn * tile);
    }

    /// <summary>Tile counted from the top.</summary>
    public int TileRow { get; }

    /// <summary>Tile counted from the left.</summary>
    public int TileColumn { get; }

    /// <summary>Columns of the tile; fewer than its edge at the ragged right side.</summary>
    public int Width { get; }

    /// <summary>Its flagged rows, as rows of the product.</summary>
    public FlaggedLines Rows { get; }

    /// <summary>Its flagged columns, as columns of the product.</summary>
    public FlaggedLines Columns { get; }

    /// <summary>Elements to mend: flagged rows times flagged columns.</summary>
    public int Masked => Rows.Count * Columns.Count;
}

/// <summary>Flagged lines of one direction in one tile, ascending.</summary>
public readonly ref struct FlaggedLines
{
    private readonly ReadOnlySpan<ulong> _bits;
    private readonly int _first;

    internal FlaggedLines(ReadOnlySpan<ulong> bits, int first)
    {
        _bits = bits;
        _first = first;
    }

    /// <summary>The first line that can be flagged.</summary>
    public int First => _first;

    /// <summary>Sixteen lines as the low bits of a word, the line <see cref="First"/> + 16 x <paramref name="group"/> lowest.</summary>
    /// <param name="group">Group of sixteen, counted from <see cref="First"/>; 0 beyond the last flagged one.</param>
    public uint Sixteen(int group) => group >> 2 < _bits.Length ? (uint)(_bits[group >> 2] >> ((group & 3) << 4)) & ushort.MaxValue : 0;

    /// <summary>Number of flagged lines.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _bits)
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Walks the lines, each as its row or column in the product.</summary>
    public Enumerator GetEnumerator() => new(_bits, _first);

    /// <summary>Walks flagged lines.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<ulong> _bits;
        private readonly int _first;
        private int _word;
        private ulong _left;

        internal Enumerator(ReadOnlySpan<ulong> bits, int first)
        {
            _bits = bits;
            _first = first;
            _word = -1;
        }

        /// <summary>The line, as row or column of the product.</summary>
        public int Current { get; private set; }

        /// <summary>Goes to the next flagged line.</summary>
        public bool MoveNext()
        {
            while (_left == 0)
            {
                if (++_word == _bits.Length)
                    return false;
                _left = _bits[_word];
            }

            Current = _first + (_word << 6) + BitOperations.TrailingZeroCount(_left);
            _left &= _left - 1;
            return true;
        }
    }
}

/// <summary>The tiles of a finding that mask at least one element.</summary>
public readonly struct MaskedTiles
{
    private readonly Finding _finding;

    internal MaskedTiles(Finding finding) => _finding = finding;

    /// <summary>Walks the tiles in row-major order.</summary>
    public Enumerator GetEnumerator() => new(_finding);

    /// <summary>Walks masked tiles.</summary>
    public ref struct Enumerator
    {
        private readonly Finding _finding;
        private int _tile;

        internal Enumerator(Finding finding)
        {
            _finding = finding;
            _tile = -1;
        }

        /// <summary>The tile.</summary>
        public TileFinding Current { get; private set; }

        /// <summary>Goes to the next tile with flagged rows and flagged columns.</summary>
        public bool MoveNext()
        {
            // Without rows or without columns nothing is masked anywhere, and no tile needs a look.
            if (_finding.FlaggedRows == 0 || _finding.FlaggedColumns == 0)
                return false;
            var columns = _finding.TileColumns;
            while (++_tile < _finding.TileRows * columns)
            {
                Current = _finding.At(_tile / columns, _tile % columns);
                if (Current.Masked > 0)
                    return true;
            }

            return false;
        }
    }
}
