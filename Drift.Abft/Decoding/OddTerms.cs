using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Drift.Kernels;

namespace Drift.Abft;

/// <summary>What the columns of a tile show, in the fewest signed powers of two, filed by their bit: a table of 32 bits is two registers, and looking sixteen rows' bits up in it one instruction.</summary>
internal sealed unsafe class OddTerms
{
    /// <summary>Places for terms of each bit; a bit may have more terms than that.</summary>
    public const int Width = 7;

    /// <summary>Where a bit is filed: 31 less its number. No term has bit 31, so that nothing stands at 0.</summary>
    public const int Bits = 32;

    /// <summary>The place of a term that is some row's.</summary>
    public const int Gone = -1;

    private const int Entries = (Width + 1) * Bits, Nothing = 0, Lanes = LaneLists.Lanes;

    private readonly int[] _memory;
    private readonly int* _counts;

    public OddTerms()
    {
        _memory = LaneLists.Allocate(3 * Entries + Bits, out var first);
        Products = first;
        Places = Products + Entries;
        Changes = Places + Entries;
        _counts = Changes + Entries;
    }

    /// <summary>By what each term makes its row deviate: one of each bit, then the second ones, and last whether there are more.</summary>
    public int* Products { get; }

    /// <summary>Each term's column, or <see cref="Gone"/>.</summary>
    public int* Places { get; }

    /// <summary>What each term changes its accumulator by.</summary>
    public int* Changes { get; }

    /// <summary>Files what the columns of a tile show.</summary>
    /// <param name="tile">The tile.</param>
    public void List(OddTile tile)
    {
        new Span<int>(Products, Entries).Clear();
        new Span<int>(_counts, Bits).Clear();
        foreach (var column in tile.DeviatingColumns())
        {
            var shown = tile.Columns[column];
            var (sign, size) = (shown >> 31 | 1, (ulong)LineWeight.Size(shown));
            for (var digits = LineWeight.Digits(shown) & int.MaxValue; digits != 0; digits &= digits - 1)
            {
                var bit = BitOperations.TrailingZeroCount(digits);
                var change = sign * (int)((3 * size >> bit & 2) - 1) << bit;
                var at = Math.Min(_counts[31 - bit]++, Width) * Bits + 31 - bit;
                (Products[at], Places[at], Changes[at]) = (change * OddWeights.Of(column), column, change);
            }
        }
    }

    /// <summary>Where the lowest bits of numbers are filed; 0, where nothing is, if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> BitsOf(Vector512<int> numbers)
    {
        var lowest = numbers & -numbers;
        if (Avx512CD.IsSupported)
            return Avx512CD.LeadingZeroCount(lowest) & Vector512.Create(Bits - 1);
        var exponents = Vector512.ConvertToSingle(lowest).AsInt32() >> 23 & Vector512.Create(255);
        return Vector512.ConditionalSelect(Vector512.Equals(lowest, Vector512<int>.Zero), Vector512.Create(Nothing), Vector512.Create(127 + 31) - exponents);
    }

    /// <summary>What terms of some bits make a row deviate by; 0 where there is none.</summary>
    /// <param name="products"><see cref="Products"/>.</param>
    /// <param name="which">Which of the bits' terms.</param>
    /// <param name="bits">Where the bits are filed.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Look(int* products, int which, Vector512<int> bits)
    {
        Vector512<int> low = Vector512.Load(products + which * Bits), high = Vector512.Load(products + which * Bits + Lanes);
        if (Avx512F.IsSupported)
            return Avx512F.PermuteVar16x32x2(low, bits, high);
        var within = bits & Vector512.Create(Lanes - 1);
        return Vector512.ConditionalSelect(Vector512.Equals(bits, within), Vector512.Shuffle(low, within), Vector512.Shuffle(high, within));
    }
}
