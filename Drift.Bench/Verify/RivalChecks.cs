using Drift.Abft;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The rivals' arrays of a fault case, by the very correctors and recoveries that <c>compare</c> runs.</summary>
internal static class RivalChecks
{
    private const int ApproxThreshold = 1 << 12;

    /// <summary>The arrays that belong to rivals.</summary>
    public static bool Owns(string array) => array.Split('_')[0] is "thundervolt" or "approxabft" or "dmr";

    /// <summary>Compares those that the file has.</summary>
    /// <param name="arrays">The case's file.</param>
    /// <param name="product">The product, flips applied; left as it is.</param>
    /// <param name="plan">Its flips.</param>
    /// <param name="faulty">The codes that it gives.</param>
    /// <param name="scales">The clean output's scales.</param>
    /// <param name="codes">Accumulators to codes.</param>
    public static IEnumerable<OutputCheck> Of(SafetensorsFile arrays, GemmOutput product, FaultPlan plan, sbyte[] faulty, float[] scales, Func<sbyte[]> codes)
    {
        foreach (var array in arrays.Names.Where(Owns))
        {
            yield return array switch
            {
                "thundervolt_int8" => Codes(arrays, array, product, Corrected(new ZeroLargeAccumulators(), product, plan), codes),
                "dmr_int8" => Codes(arrays, array, product, Corrected(new DuplicateExecution(), product, plan), codes),
                "dmr_mismatch" => OutputCheck.Exact<byte>(array, Mismatch(product, Corrected(new DuplicateExecution(), product, plan)), arrays.ReadByte(array)),
                "approxabft_mask" => OutputCheck.Exact<byte>(array, Mask(Approximate(product)), arrays.ReadByte(array)),
                "approxabft_int8" => OutputCheck.Exact<sbyte>(array, Zeroed(Approximate(product), faulty, scales), arrays.ReadSByte(array)),
                _ => OutputCheck.NotYet(array),
            };
        }
    }

    /// <summary>What a corrector replaces; a second execution is taken to be clean, as in the cases.</summary>
    private static Replacement[] Corrected(ICorrector corrector, GemmOutput product, FaultPlan plan)
    {
        var deviations = new LineSums();
        ImpliedDeviation.Measure(product.Expected, product.Observed, deviations);
        var nominal = new NominalProduct();
        nominal.Take(product, plan, FaultPlan.None);
        var corrections = new Corrections();
        corrector.Correct(new SuspectProduct(product, deviations, null, [], [], nominal), new Finding(), corrections);
        return corrections.All.ToArray();
    }

    private static OutputCheck Codes(SafetensorsFile arrays, string array, GemmOutput product, Replacement[] replacements, Func<sbyte[]> codes)
    {
        var before = product.Accumulators.ToArray();
        foreach (var (row, column, value) in replacements)
            product.Row(row)[column] = value;
        var ours = codes();
        before.CopyTo(product.Accumulators);
        return OutputCheck.Exact<sbyte>(array, ours, arrays.ReadSByte(array));
    }

    private static byte[] Mismatch(GemmOutput product, Replacement[] replacements)
    {
        var differs = new byte[product.Shape.M * product.Shape.N];
        foreach (var (row, column, value) in replacements)
            differs[row * product.Shape.N + column] = product.Row(row)[column] == value ? (byte)0 : (byte)1;
        return differs;
    }

    private static Finding Approximate(GemmOutput product)
    {
        var finding = new Finding();
        new ThresholdRule(ApproxThreshold).Judge(product.Expected, product.Observed, finding);
        return finding;
    }

    private static byte[] Mask(Finding finding) =>
        [.. from row in Enumerable.Range(0, finding.M) from column in Enumerable.Range(0, finding.N) select finding.Masks(row, column) ? (byte)1 : (byte)0];

    private static sbyte[] Zeroed(Finding finding, sbyte[] faulty, float[] scales)
    {
        sbyte[] codes = [.. faulty];
        var each = codes.Length / scales.Length;
        float[] values = [.. codes.Select((code, i) => code * scales[i / each])];
        new ZeroMask().Mend(finding, null, new LayerOutput(finding.M, finding.N, values, scales, codes));
        return codes;
    }
}
