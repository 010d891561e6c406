using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Drift.Bench;

/// <summary>What a run ran on, as files record it.</summary>
internal static class MachineRecord
{
    private const int FirstBrandLeaf = unchecked((int)0x80000002), LastBrandLeaf = FirstBrandLeaf + 2;

    /// <summary>Operating system, architecture, processors and instruction sets.</summary>
    public static IReadOnlyDictionary<string, object?> Survey() => new Dictionary<string, object?>
    {
        ["operatingSystem"] = RuntimeInformation.OSDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["processors"] = Environment.ProcessorCount,
        ["instructionSets"] = InstructionSet.Survey().Where(set => set.Available).Select(set => set.Name).ToArray(),
    };

    /// <summary>The processor's name, family and model as it gives them, or its architecture where it gives none.</summary>
    public static string Processor()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(int.MinValue, 0).Eax < unchecked((uint)LastBrandLeaf))
            return RuntimeInformation.ProcessArchitecture.ToString();
        Span<byte> name = stackalloc byte[48];
        var words = MemoryMarshal.Cast<byte, int>(name);
        for (var leaf = FirstBrandLeaf; leaf <= LastBrandLeaf; leaf++)
        {
            var part = words.Slice(4 * (leaf - FirstBrandLeaf), 4);
            (part[0], part[1], part[2], part[3]) = X86Base.CpuId(leaf, 0);
        }

        var signature = X86Base.CpuId(1, 0).Eax;
        var family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
        var model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);
        return $"{Encoding.ASCII.GetString(name).TrimEnd('\0').Trim()}, family {family} model {model}";
    }
}
