using System.Numerics;

namespace Drift.Abft;

/// <summary>
/// A CRC-32C for every cache line of a block (Castagnoli, Braeuer and Herrmann 1993; the polynomial of iSCSI, for which processors have an instruction): it sees every change of up to three bits of a line and every burst
/// of up to 32. Line by line, so that whoever reads a few rows of a large checkpoint has to read through no more than those.
/// </summary>
internal sealed class LineChecks
{
    /// <summary>Bytes of a line.</summary>
    public const int Line = CheckpointBlock.Alignment;

    private uint[] _sums = [];

    /// <summary>Takes the checks of a block's lines.</summary>
    /// <param name="start">First byte, on a whole line.</param>
    /// <param name="bytes">Bytes, of whole lines.</param>
    public unsafe void Take(byte* start, int bytes)
    {
        var count = bytes / Line;
        if (_sums.Length < count)
            _sums = new uint[count];
        for (var line = 0; line < count; line++)
            _sums[line] = Of((ulong*)(start + (nint)line * Line));
    }

    /// <summary>Whether the lines that some bytes lie in are as they were.</summary>
    /// <param name="start">First byte of the block.</param>
    /// <param name="from">First of the bytes.</param>
    /// <param name="end">Behind the last; no byte at all where it is <paramref name="from"/>.</param>
    public unsafe bool Hold(byte* start, int from, int end)
    {
        uint changed = 0;
        for (var line = from / Line; line * Line < end; line++)
            changed |= _sums[line] ^ Of((ulong*)(start + (nint)line * Line));
        return changed == 0;
    }

    private static unsafe uint Of(ulong* words)
    {
        // Written out: the loop would take as long again.
        var half = BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, words[0]), words[1]), words[2]), words[3]);
        return BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(half, words[4]), words[5]), words[6]), words[7]);
    }
}
