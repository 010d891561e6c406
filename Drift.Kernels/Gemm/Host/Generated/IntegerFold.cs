using Iced.Intel;

namespace Drift.Kernels;

/// <summary>
/// Writes the folding of up to sixteen vectors of INT32 into one, of a sum a vector: they come together two, four, eight and sixteen at a time, each step adding half of what it has. Missing
/// vectors repeat the first of their step: what their lanes hold in the end is nobody's.
/// </summary>
internal static class IntegerFold
{
    private const byte LowHalves = 0x44, HighHalves = 0xEE, EvenQuarters = 0x88, OddQuarters = 0xDD;

    /// <summary>Writes it; the first vector holds the sums.</summary>
    /// <param name="e">Where to.</param>
    /// <param name="count">Vectors, 1..16.</param>
    /// <param name="vector">The register of a vector; all of them change.</param>
    /// <param name="free">A register that holds nothing.</param>
    public static void Emit(Assembler e, int count, Func<int, AssemblerRegisterZMM> vector, AssemblerRegisterZMM free)
    {
        Meet(1, (target, a, b) => e.vunpcklps(target, a, b), (target, a, b) => e.vunpckhps(target, a, b));
        Meet(2, (target, a, b) => e.vunpcklpd(target, a, b), (target, a, b) => e.vunpckhpd(target, a, b));
        Meet(4, (target, a, b) => e.vshufi32x4(target, a, b, LowHalves), (target, a, b) => e.vshufi32x4(target, a, b, HighHalves));
        Meet(8, (target, a, b) => e.vshufi32x4(target, a, b, EvenQuarters), (target, a, b) => e.vshufi32x4(target, a, b, OddQuarters));

        void Meet(int apart, Action<AssemblerRegisterZMM, AssemblerRegisterZMM, AssemblerRegisterZMM> low, Action<AssemblerRegisterZMM, AssemblerRegisterZMM, AssemblerRegisterZMM> high)
        {
            for (var first = 0; first < count; first += 2 * apart)
            {
                var other = vector(first + apart < count ? first + apart : first);
                low(free, vector(first), other);
                high(vector(first), vector(first), other);
                e.vpaddd(vector(first), vector(first), free);
            }
        }
    }
}
