using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Drift.Kernels;

/// <summary>
/// Writes micro-kernels of INT8 for a few columns of digits: K runs along the vectors, 64 bytes of a row or a column at a time, so that no lane is left over however few columns there are. In
/// the end the digits, unless they are apart, are put together lane by lane and each sum's lanes are added up. Rows that are being packed are flipped on their way through the registers.
/// </summary>
/// <remarks>rcx call, r8..r10 bases of A (four rows each), rsi its stride, rdi three times that, rdx panel, rax vectors of K; from zmm0 accumulators, then A; zmm29 sign bits, zmm30..31 columns in turn.</remarks>
internal sealed class AlongAssembler
{
    /// <summary>Most rows: three registers hold the bases of four each.</summary>
    public const int MostRows = 3 * RowsOfBase;

    private const int VectorBytes = 64, RowsOfBase = 4, ColumnRegister = 30, Free = 31, SignRegister = 29;
    private const uint Signs = 0x80808080;
    private readonly Assembler _e = new(64);
    private readonly MicroTile _tile;

    private AlongAssembler(MicroTile tile) => _tile = tile;

    /// <summary>The instructions of a micro-kernel, position-independent.</summary>
    /// <exception cref="ArgumentException">The columns are neither pairs of digits nor up to <see cref="MicroTile.Lanes"/> apart, or the rows more than <see cref="MicroTile.RowsAlong"/>; of rows that are flipped, more than registers hold.</exception>
    public static Assembler Emit(MicroTile tile)
    {
        if ((tile.Apart ? tile.Vectors > MicroTile.Lanes : tile.Vectors % Digits.Count != 0) || tile.Rows > MicroTile.RowsAlong(tile.Vectors))
            throw new ArgumentException($"digits along K are pairs of columns, or up to {MicroTile.Lanes} apart, beside at most {MicroTile.RowsAlong(tile.Vectors)} rows, not {tile.Rows} x {tile.Vectors}", nameof(tile));
        if (tile.Flips && (tile.Apart || tile.Vectors > MicroTile.MostFlipping || tile.Rows > ActivationRows.Together))
            throw new ArgumentException($"at most {ActivationRows.Together} x {MicroTile.MostFlipping} in pairs are flipped meanwhile, not {tile.Rows} x {tile.Vectors}{(tile.Apart ? " apart" : "")}", nameof(tile));
        var writer = new AlongAssembler(tile);
        // The free registers are the last ones, which only EVEX reaches.
        writer._e.PreferVex = false;
        writer.Begin();
        writer.Multiply();
        writer.Store();
        writer._e.vzeroupper();
        writer._e.ret();
        return writer._e;
    }

    private void Begin()
    {
        _e.mov(rcx, rdi);
        _e.mov(r8, Field(nameof(TileCall.A)));
        _e.mov(rsi, Field(nameof(TileCall.AStride)));
        _e.mov(rdx, Field(nameof(TileCall.Panel)));
        _e.lea(rdi, __[rsi + rsi * 2]);
        for (var b = 1; b < Bases.Length; b++)
            _e.lea(Bases[b], __[Bases[b - 1] + rsi * RowsOfBase]);
        for (var i = 0; i < _tile.Rows * _tile.Vectors; i++)
            _e.vpxord(Zmm(i), Zmm(i), Zmm(i));
        if (!_tile.Flips)
            return;
        _e.mov(eax, Signs);
        _e.vpbroadcastd(Zmm(SignRegister), eax);
    }

    private void Multiply()
    {
        _e.mov(rax, Field(nameof(TileCall.Groups)));
        var loop = _e.CreateLabel();
        _e.Label(ref loop);
        for (var row = 0; row < _tile.Rows; row++)
        {
            var there = MicroAssembler.Group(Bases[row / RowsOfBase], row % RowsOfBase, rsi, rdi);
            _e.vmovups(A(row), there);
            if (!_tile.Flips)
                continue;
            _e.vpxord(A(row), A(row), Zmm(SignRegister));
            _e.vmovups(there, A(row));
        }

        for (var column = 0; column < _tile.Vectors; column++)
        {
            var there = __zmmword_ptr[rdx + VectorBytes * column];
            if (_tile.Rows == 1)
            {
                _e.vpdpbusd(Accumulator(0, column), A(0), there);
                continue;
            }

            var values = Zmm(ColumnRegister + column % 2);
            _e.vmovups(values, there);
            for (var row = 0; row < _tile.Rows; row++)
                _e.vpdpbusd(Accumulator(row, column), A(row), values);
        }

        foreach (var b in Bases)
            _e.add(b, VectorBytes);
        _e.add(rdx, VectorBytes * _tile.Vectors);
        _e.dec(rax);
        _e.jnz(loop);
    }

    /// <summary>Each row's sums: high digits are in the first half of the columns, low ones in the second, unless they are apart.</summary>
    private void Store()
    {
        var sums = _tile.Apart ? _tile.Vectors : _tile.Vectors / Digits.Count;
        _e.kmovq(k1, Field(nameof(TileCall.JoinedColumns)));
        _e.mov(rax, Field(nameof(TileCall.Joined)));
        _e.mov(rdx, Field(nameof(TileCall.JoinedStride)));
        _e.mov(r8, Field(nameof(TileCall.Start)));
        _e.mov(r9, Field(nameof(TileCall.StartStride)));
        for (var row = 0; row < _tile.Rows; row++)
        {
            for (var sum = 0; !_tile.Apart && sum < sums; sum++)
            {
                _e.vpslld(Accumulator(row, sum), Accumulator(row, sum), Digits.Bits);
                _e.vpaddd(Accumulator(row, sum), Accumulator(row, sum), Accumulator(row, sums + sum));
            }

            var own = row;
            IntegerFold.Emit(_e, sums, sum => Accumulator(own, sum), Zmm(Free));
            _e.vpaddd(Accumulator(row, 0).k1.z, Accumulator(row, 0), __zmmword_ptr[r8]);
            _e.vmovdqu32(__zmmword_ptr[rax].k1, Accumulator(row, 0));
            _e.add(rax, rdx);
            _e.add(r8, r9);
        }
    }

    private AssemblerRegister64[] Bases => new[] { r8, r9, r10 }[..((_tile.Rows + RowsOfBase - 1) / RowsOfBase)];

    private AssemblerRegisterZMM A(int row) => Zmm(_tile.Rows * _tile.Vectors + row);

    private AssemblerRegisterZMM Accumulator(int row, int column) => Zmm(row * _tile.Vectors + column);

    private static AssemblerRegisterZMM Zmm(int index) => new(Register.ZMM0 + index);

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rcx + (int)Marshal.OffsetOf<TileCall>(name)];
}
