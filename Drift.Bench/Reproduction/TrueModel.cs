using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Equal products of one forward pass of one sample.</summary>
/// <param name="Shape">Each product.</param>
/// <param name="Times">How many.</param>
/// <param name="HasWeights">Whether its second operand is weights; false for attention's products.</param>
/// <param name="Guarded">Whether it runs in INT8 past the safe point.</param>
internal sealed record TrueProduct(GemmShape Shape, int Times, bool HasWeights, bool Guarded);

/// <summary>One of the paper's models: every product of its denoiser in its true shape, from data/shapes, and how it is sampled. No weights.</summary>
/// <param name="Name">What the paper's tables call it.</param>
/// <param name="Title">Its full name.</param>
/// <param name="Steps">The paper's number of steps.</param>
/// <param name="Schedule">When it is protected.</param>
/// <param name="Products">Of one forward pass of one sample.</param>
internal sealed record TrueModel(string Name, string Title, int Steps, ProtectionSchedule Schedule, IReadOnlyList<TrueProduct> Products)
{
    private static readonly string[] Columns = ["kind", "m", "n", "k", "times", "weights", "guarded"];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["dit", "pixart", "sd15"];

    /// <summary>The paper's three models, in the order of <see cref="Names"/>.</summary>
    /// <exception cref="InvalidDataException">A file is not of its form.</exception>
    public static IReadOnlyList<TrueModel> All() =>
    [
        Load("dit", "DiT-XL/2-512", 50, "DiTPipeline", "dit-xl-2-512"),
        Load("pixart", "PixArt-XL-2-1024-MS", 30, "PixArtAlphaPipeline", "pixart-xl-2-1024"),
        Load("sd15", "Stable Diffusion 1.5", 50, "StableDiffusionPipeline", "sd15"),
    ];

    /// <summary>The same with every product guarded, as the paper's closed forms charge it: attention, embedders and convolutions too.</summary>
    public TrueModel AllGuarded => this with { Products = [.. Products.Select(product => product with { Guarded = true })] };

    /// <summary>Share of the multiply-accumulates that are guarded by the authors' settings, 0..1.</summary>
    public double GuardedShare => (double)Products.Where(product => product.Guarded).Sum(product => product.Times * product.Shape.Macs) / Macs;

    /// <summary>INT8 weights, bytes.</summary>
    public long WeightBytes => Products.Where(product => product.HasWeights).Sum(product => (long)product.Times * product.Shape.N * product.Shape.K);

    /// <summary>Multiply-accumulates of one forward pass of one sample.</summary>
    public long Macs => Products.Sum(product => product.Times * product.Shape.Macs);

    private static TrueModel Load(string name, string title, int steps, string pipeline, string file)
    {
        var path = DataFolder.At("shapes", $"{file}.csv");
        using var reader = new StreamReader(path);
        using var csv = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture));
        if (!csv.Read() || !csv.Record!.SequenceEqual(Columns))
            throw new InvalidDataException($"{path}, line 1: expected the columns {string.Join(",", Columns)}");
        var products = new List<TrueProduct>();
        while (csv.Read())
            products.Add(Product(path, csv.RawRow, csv.Record!));
        return new TrueModel(name, title, steps, PipelineCatalog.Get(pipeline).Schedule, products);
    }

    private static TrueProduct Product(string path, int line, string[] fields)
    {
        var numbers = fields.Skip(1).Take(4).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        if (fields.Length != Columns.Length || numbers.Any(number => number < 1) || fields[5..].Any(field => field is not ("yes" or "no")))
            throw new InvalidDataException($"{path}, line {line}: expected a kind, four whole numbers above 0, and twice yes or no");
        return new TrueProduct(new GemmShape(numbers[0], numbers[1], numbers[2]), numbers[3], fields[5] == "yes", fields[6] == "yes");
    }
}
