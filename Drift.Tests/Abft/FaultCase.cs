using System.Runtime.InteropServices;
using System.Text.Json;
using Drift.Kernels;

namespace Drift.Tests.Abft;

/// <summary>A worked case of data/fixtures/faults with its arrays.</summary>
internal sealed class FaultCase
{
    private readonly byte[] _file;
    private readonly JsonElement _header;

    private FaultCase(JsonElement info)
    {
        Info = info;
        _file = File.ReadAllBytes(DataFolder.Path("fixtures", "faults", $"{Name}.safetensors"));
        _header = JsonDocument.Parse(_file.AsMemory(8, (int)BitConverter.ToInt64(_file))).RootElement;
    }

    public JsonElement Info { get; }

    public string Name => Info.GetProperty("name").GetString()!;

    public GemmShape Shape => new(Number("m"), Number("n"), Number("k"));

    public int Tile => Number("tile");

    public int Threshold => Number("threshold");

    public FaultPlan Plan => FaultPlan.Of(Shape.M, Shape.N, Array<int>("faults").ToArray().Chunk(3).Select(f => new Flip(f[0], f[1], f[2])));

    public static IEnumerable<FaultCase> All()
    {
        var cases = JsonDocument.Parse(File.ReadAllText(DataFolder.Path("fixtures", "faults", "cases.json")));
        return cases.RootElement.EnumerateArray().Select(c => new FaultCase(c));
    }

    public int Number(string name) => Info.GetProperty(name).GetInt32();

    public ReadOnlySpan<T> Array<T>(string name)
        where T : unmanaged
    {
        if (!_header.TryGetProperty(name, out var entry))
            return [];
        var offsets = entry.GetProperty("data_offsets");
        var start = 8 + (int)BitConverter.ToInt64(_file);
        return MemoryMarshal.Cast<byte, T>(_file.AsSpan((start + offsets[0].GetInt32())..(start + offsets[1].GetInt32())));
    }

    /// <summary>The product with the case's faults, from its INT8 operands, by the reference backend.</summary>
    public GemmOutput Run()
    {
        using var backend = new ReferenceBackend();
        using var weights = backend.Prepare(Array<sbyte>("wq"), Shape.N, Shape.K, Tile);
        var output = new GemmOutput();
        backend.Multiply(new GemmCall(Array<sbyte>("xq"), Shape.M, Shape.K, weights), Plan, output);
        return output;
    }

    public override string ToString() => Name;
}
