using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Drift.Models;

/// <summary>
/// A SentencePiece model's compiled map of characters: a double-array trie (Aoe, 1989, in the form of Yata's Darts) from UTF-8 texts to places in a table of normalised ones. The
/// longest text that matches counts, and its normalised form may be empty, as for most control characters.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _forms;

    /// <summary>Reads a map.</summary>
    /// <param name="map">Length of the trie in bytes, the trie, the forms with a zero behind each; empty for a map of nothing.</param>
    /// <exception cref="InvalidDataException">The lengths do not fit.</exception>
    public CharacterMap(byte[] map)
    {
        if (map.Length == 0)
        {
            (_units, _forms) = ([], []);
            return;
        }

        var length = map.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (length > map.Length - sizeof(uint) || length % sizeof(uint) != 0)
            throw new InvalidDataException("the map of its characters is cut short");
        _units = MemoryMarshal.Cast<byte, uint>(map.AsSpan(sizeof(uint), (int)length)).ToArray();
        _forms = map[(sizeof(uint) + (int)length)..];
    }

    /// <summary>The normalised form of the longest text of the map that another text begins with.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="form">UTF-8; may be empty.</param>
    /// <param name="shortest">Takes the shortest such text instead, as transformers' tokenizers do.</param>
    /// <returns>How many bytes of the text it stands for; 0 where none matches.</returns>
    /// <exception cref="InvalidDataException">The map leads outside itself.</exception>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> form, bool shortest = false)
    {
        var (length, value) = (0, 0u);
        if (_units.Length > 0)
        {
            var node = Offset(_units[0]);
            for (var i = 0; i < text.Length && !(shortest && length > 0); i++)
            {
                node ^= text[i];
                var unit = At(node);
                if ((unit & 0x800000FF) != text[i])
                    break;
                node ^= Offset(unit);
                if ((unit >> 8 & 1) == 1)
                    (length, value) = (i + 1, At(node) & 0x7FFFFFFF);
            }
        }

        form = length == 0 ? default : Form(value);
        return length;
    }

    private ReadOnlySpan<byte> Form(uint start)
    {
        var form = start <= _forms.Length ? _forms.AsSpan((int)start) : throw new InvalidDataException("the map of its characters leads outside itself");
        return form.IndexOf((byte)0) is >= 0 and var end ? form[..end] : form;
    }

    private uint At(uint node) => node < _units.Length ? _units[node] : throw new InvalidDataException("the map of its characters leads outside itself");

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
