using Drift.Models;

namespace Drift.Bench;

/// <summary>The counts of a fault case's entry, against its arrays, each of which is compared with ours beside them.</summary>
internal static class FaultCounts
{
    /// <summary>Compares the counts that the entry has.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="arrays">The case's file.</param>
    public static IEnumerable<OutputCheck> Of(FaultCaseEntry entry, SafetensorsFile arrays)
    {
        byte[] mask = arrays.ReadByte("mask"), harmed = [.. arrays.ReadInt32("acc").Zip(arrays.ReadInt32("acc_faulty"), (clean, faulty) => clean == faulty ? (byte)0 : (byte)1)];
        long Both(byte inMask, byte inHarmed) => mask.Zip(harmed).Count(pair => pair == (inMask, inHarmed));
        var counts = new (int? Listed, Func<long> Counted)[]
        {
            (entry.Faults, () => arrays.Shape("faults")[0]),
            (entry.Harmed, () => Ones(harmed)),
            (entry.FlaggedRows, () => Ones(arrays.ReadByte("flagged_rows"))),
            (entry.FlaggedColumns, () => Ones(arrays.ReadByte("flagged_cols"))),
            (entry.Masked, () => Ones(mask)),
            (entry.MaskedUnharmed, () => Both(1, 0)),
            (entry.HarmedUnmasked, () => Both(0, 1)),
            (entry.ApproxMasked, () => Ones(arrays.ReadByte("approxabft_mask"))),
        }.Where(count => count.Listed is not null).ToList();
        if (counts.Count > 0)
            yield return OutputCheck.Exact<long>("counts", [.. counts.Select(count => count.Counted())], [.. counts.Select(count => (long)count.Listed!)]);
        if (entry.WrongCodes is not { Count: > 0 } wrong)
            yield break;
        var clean = arrays.ReadSByte("clean_int8");
        yield return OutputCheck.Exact<long>("wrong_int8",
            [.. wrong.Keys.Select(method => (long)clean.Zip(arrays.ReadSByte($"{method}_int8")).Count(pair => pair.First != pair.Second))], [.. wrong.Values.Select(count => (long)count)]);
    }

    private static long Ones(byte[] table) => table.Count(entry => entry != 0);
}
