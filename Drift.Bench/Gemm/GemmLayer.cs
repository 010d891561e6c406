using Drift.Kernels;

namespace Drift.Bench;

/// <summary>A layer that is timed.</summary>
/// <param name="Label">As tables have it.</param>
/// <param name="Shape">M, N and K.</param>
internal sealed record GemmLayer(string Label, GemmShape Shape)
{
    /// <summary>The layers of a DiT-XL/2 block for one picture of 256 x 256: 256 tokens, 1152 wide.</summary>
    public static IReadOnlyList<GemmLayer> DitXl { get; } =
    [
        new("DiT-XL qkv", new(256, 3456, 1152)),
        new("DiT-XL proj", new(256, 1152, 1152)),
        new("DiT-XL fc1", new(256, 4608, 1152)),
        new("DiT-XL fc2", new(256, 1152, 4608)),
    ];

    /// <summary>A layer of the shipped DiT for one picture.</summary>
    public static GemmLayer Tiny { get; } = new("tiny qkv", new(64, 384, 128));

    /// <summary>The cube that everybody quotes.</summary>
    public static GemmLayer Cube { get; } = new("cube", new(1024, 1024, 1024));

    /// <summary>Layers by the name of their network. Those of PixArt and Stable Diffusion are for one picture at full size, from data/shapes.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<GemmLayer>> Sets { get; } = new Dictionary<string, IReadOnlyList<GemmLayer>>
    {
        ["dit-xl"] = DitXl,
        ["cube"] = [Cube],
        ["large-cubes"] = [.. ((int[])[2048, 4096, 8192]).Select(edge => new GemmLayer($"cube {edge}", new(edge, edge, edge)))],
        // Pictures that share a product, as a GPU wants them: 256 tokens each.
        ["dit-xl-8"] = Batch(8),
        ["dit-xl-32"] = Batch(32),
        // The shipped DiT and PixArt have 64 tokens, 128 wide; the shipped U-Net 256 pixels of 64 channels and 64 of 128.
        ["tiny"] =
        [
            Tiny,
            new("tiny proj", new(64, 128, 128)),
            new("tiny fc1", new(64, 512, 128)),
            new("tiny fc2", new(64, 128, 512)),
            new("tiny U-Net fc1", new(256, 512, 64)),
            new("tiny U-Net fc2", new(256, 64, 256)),
        ],
        ["pixart"] =
        [
            new("PixArt q, k, v, out", new(4096, 1152, 1152)),
            new("PixArt cross k, v", new(120, 1152, 1152)),
            new("PixArt fc1", new(4096, 4608, 1152)),
            new("PixArt fc2", new(4096, 1152, 4608)),
        ],
        ["sd15"] =
        [
            new("SD 1.5 q, k, v, out at 64", new(4096, 320, 320)),
            new("SD 1.5 fc1 at 64", new(4096, 2560, 320)),
            new("SD 1.5 fc2 at 64", new(4096, 320, 1280)),
            new("SD 1.5 q, k, v, out at 32", new(1024, 640, 640)),
            new("SD 1.5 q, k, v, out at 16", new(256, 1280, 1280)),
            new("SD 1.5 cross k, v at 64", new(77, 320, 768)),
        ],
        // A timestep's embedding has one row a picture; so have modulations and pooled prompts.
        ["few-rows"] = [.. ((int[])[1, 4, 8, 16]).Select(rows => new GemmLayer($"{rows} rows", new(rows, 1152, 1152)))],
    };

    private static GemmLayer[] Batch(int pictures) => [.. DitXl.Select(layer => new GemmLayer($"{layer.Label}, {pictures} pictures", layer.Shape with { M = pictures * layer.Shape.M }))];

    /// <summary>A shape's label.</summary>
    public static string LabelOf(int m, int n, int k) => Sets.Values.SelectMany(layers => layers).FirstOrDefault(layer => layer.Shape == new GemmShape(m, n, k))?.Label ?? "";
}
