using System.Runtime.InteropServices;
using System.Text.Json;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>
/// Writes a safetensors file of random fp16 weights, a piece at a time: memory stays small whatever the network. A value is a pure function of the seed, its tensor's place and
/// its own place.
/// </summary>
internal static class RandomWeights
{
    private const int PieceValues = 1 << 16, WordsAtOnce = 4, Levels = 1 << 16;

    /// <summary>Writes the file.</summary>
    /// <param name="file">Takes it.</param>
    /// <param name="tensors">Names, shapes and ranges.</param>
    /// <param name="seed">Seed of all values.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static void Write(Stream file, IReadOnlyList<SkeletonTensor> tensors, ulong seed, CancellationToken cancellation)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(Header(tensors));
        file.Write(BitConverter.GetBytes((ulong)header.Length));
        file.Write(header);
        var piece = new ushort[PieceValues];
        for (var i = 0; i < tensors.Count; i++)
        {
            for (var first = 0L; first < tensors[i].Count; first += PieceValues)
            {
                cancellation.ThrowIfCancellationRequested();
                var values = piece.AsSpan(0, (int)Math.Min(PieceValues, tensors[i].Count - first));
                Fill(values, first, (uint)i, tensors[i], seed);
                file.Write(MemoryMarshal.AsBytes(values));
            }
        }
    }

    private static OrderedDictionary<string, object> Header(IReadOnlyList<SkeletonTensor> tensors)
    {
        var header = new OrderedDictionary<string, object> { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
        var begin = 0L;
        foreach (var tensor in tensors)
        {
            var end = begin + tensor.Count * sizeof(ushort);
            header.Add(tensor.Name, new { dtype = "F16", shape = tensor.Shape, data_offsets = new[] { begin, end } });
            begin = end;
        }

        return header;
    }

    /// <summary>Each random word makes two values. Pieces are whole multiples of what one counter gives.</summary>
    private static void Fill(Span<ushort> values, long first, uint tensor, SkeletonTensor range, ulong seed)
    {
        const int each = 2 * WordsAtOnce;
        for (var i = 0; i < values.Length; i += each)
        {
            var counter = (ulong)(first + i) / each;
            var (a, b, c, d) = Philox.Words((uint)counter, (uint)(counter >> 32), tensor, 0, seed);
            ReadOnlySpan<uint> words = [a, b, c, d];
            for (var j = 0; j < Math.Min(each, values.Length - i); j++)
            {
                var level = (words[j / 2] >> (j % 2 * 16)) & (Levels - 1);
                var value = range.Centre + range.Spread * ((level + 0.5f) * (2f / Levels) - 1);
                values[i + j] = BitConverter.HalfToUInt16Bits((Half)value);
            }
        }
    }
}
