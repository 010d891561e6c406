using System.Text.Json;
using System.Text.Json.Nodes;

namespace Drift.Bench;

/// <summary>The one place that lists skeletons: the paper's models in their true shapes, with random weights.</summary>
internal static class SkeletonCatalog
{
    private static readonly IReadOnlyList<int> Autoencoder = [128, 256, 512, 512];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    private static readonly IReadOnlyDictionary<string, Func<int?, SkeletonModel>> Known = new Dictionary<string, Func<int?, SkeletonModel>>
    {
        ["dit-xl-2-256"] = _ => SkeletonModel.Dit(32, 28, 16, 1000, Autoencoder),
        ["dit-xl-2-512"] = _ => SkeletonModel.Dit(64, 28, 16, 1000, Autoencoder),
        ["pixart-xl-2-1024"] = text => SkeletonModel.PixArt(128, 28, 16, (text ?? 24, 4096, 10240, 64), Autoencoder),
        ["sd15"] = text => SkeletonModel.StableDiffusion(64, [320, 640, 1280, 1280], 8, (text ?? 12, 768, 12), Autoencoder),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => [.. Known.Keys];

    /// <summary>A skeleton.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="textLayers">Blocks of its text encoder; null for all that the model has.</param>
    public static SkeletonModel Get(string name, int? textLayers) => Known[name](textLayers);

    /// <summary>Writes a skeleton as diffusers would.</summary>
    /// <param name="model">The skeleton.</param>
    /// <param name="folder">Takes it.</param>
    /// <param name="seed">Seed of the weights; each part has the next.</param>
    /// <param name="cancellation">Stops it.</param>
    public static void Write(SkeletonModel model, OutputFolder folder, ulong seed, CancellationToken cancellation)
    {
        folder.Write("model_index.json", JsonSerializer.SerializeToUtf8Bytes(model.Index, Indented));
        folder.Write("scheduler/scheduler_config.json", JsonSerializer.SerializeToUtf8Bytes(model.Scheduler, Indented));
        foreach (var part in model.Parts)
        {
            folder.Write($"{part.Folder}/config.json", JsonSerializer.SerializeToUtf8Bytes(part.Config, Indented));
            using var weights = folder.Create($"{part.Folder}/{part.File}");
            RandomWeights.Write(weights, part.Tensors, seed++, cancellation);
        }

        foreach (var file in model.Tokenizer is { } lender ? Directory.EnumerateFiles(DataFolder.At("models", lender, "tokenizer")) : [])
            folder.Write($"tokenizer/{Path.GetFileName(file)}", Tokenizer(file, model.TextTokens));
    }

    private static byte[] Tokenizer(string file, int? tokens)
    {
        if (tokens is null || Path.GetFileName(file) != "tokenizer_config.json")
            return File.ReadAllBytes(file);
        var settings = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
        settings["model_max_length"] = tokens;
        return JsonSerializer.SerializeToUtf8Bytes(settings, Indented);
    }
}
