using System.Text.Json.Nodes;
using Drift.Bench;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class SkeletonTests
{
    private static readonly int[] Autoencoder = [32, 32];

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCase("DiT")]
    [TestCase("PixArt")]
    [TestCase("Stable Diffusion")]
    public void A_skeleton_is_a_pipeline_that_draws(string kind)
    {
        var model = Small(kind);
        var pipeline = DiffusionPipeline.Load(Written(model, "a", 0));
        var request = new PictureRequest(1, pipeline.Kind.TakesPrompts ? new PromptSubject("a face") : new ClassSubject(2));
        var drawn = new PictureBatch(pipeline, 1).Draw(new Drawing([request], _ => new FloatUnit()), new SamplingSettings(2, 2)).Single();
        Assert.That(drawn.Image.Span.ToArray(), Has.All.Not.NaN);
    }

    [TestCase("DiT")]
    [TestCase("PixArt")]
    [TestCase("Stable Diffusion")]
    public void Every_tensor_of_a_skeleton_is_read(string kind)
    {
        var model = Small(kind);
        // With one name changed the network must miss it; so the list holds nothing that nobody reads.
        foreach (var part in model.Parts.Where(part => part.Folder is "transformer" or "unet" or "vae"))
        {
            var odd = part.Tensors[part.Tensors.Count / 2];
            var renamed = model with { Parts = [part with { Tensors = [.. part.Tensors.Select(tensor => tensor == odd ? odd with { Name = "lost" } : tensor)] }, .. model.Parts.Where(p => p != part)] };
            var folder = Written(renamed, $"lost-{part.Folder}", 0);
            Assert.That(() => DiffusionPipeline.Load(folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(odd.Name));
        }
    }

    [Test]
    public void The_same_seed_gives_the_same_bytes()
    {
        var model = SkeletonModel.Dit(8, 1, 1, 3, Autoencoder);
        byte[] Weights(string name, ulong seed) => File.ReadAllBytes(Path.Combine(Written(model, name, seed), "transformer", "diffusion_pytorch_model.safetensors"));
        var first = Weights("a", 7);
        Assert.That(Weights("b", 7), Is.EqualTo(first));
        Assert.That(Weights("c", 8), Is.Not.EqualTo(first));
    }

    /// <summary>Parameters of the published checkpoints: runwayml/stable-diffusion-v1-5, its autoencoder and text encoder, google/t5-v1_1-xxl's encoder.</summary>
    [TestCase("sd15", "unet", 859_520_964)]
    [TestCase("sd15", "vae", 83_653_863)]
    [TestCase("sd15", "text_encoder", 123_060_480)]
    [TestCase("pixart-xl-2-1024", "text_encoder", 4_762_310_656)]
    public void The_true_shapes_have_the_published_number_of_parameters(string name, string part, long parameters) =>
        Assert.That(SkeletonCatalog.Get(name, null).Parts.Single(p => p.Folder == part).Tensors.Sum(tensor => tensor.Count), Is.EqualTo(parameters));

    [Test]
    public void MACs_are_those_of_the_textbook()
    {
        // 12 blocks, 64 tokens, width 128: 12 width^2 of weights a block and token, and 2 tokens^2 width of attention; guarded are the former alone.
        const long guarded = 12L * 64 * 12 * 128 * 128, attention = 12L * 2 * 64 * 64 * 128;
        var folder = DenoiserFolder.Open("dit-fashion", null);
        var products = ForwardSurvey.Of(folder.Denoiser, folder.Conditioning);
        Assert.That(products.Where(product => product.Layer is null).Sum(product => product.Macs), Is.EqualTo(attention));
        Assert.That(products.Where(product => product.Layer is { } layer && Sensitivities.Of(layer) is Sensitivity.Resilient or Sensitivity.FirstBlock).Sum(product => product.Macs), Is.EqualTo(guarded));
        Assert.That(products.Where(product => product.Layer is not null).Select(product => product.Layer!.Value), Is.EquivalentTo(folder.Denoiser.Layers.Select(layer => layer.Key)));
    }

    [TestCase("dit-fashion", "DiTTransformer2DModel", 165_445_632)]
    [TestCase("pixart-emoji", "PixArtTransformer2DModel", 204_226_560)]
    [TestCase("sd-emoji", "UNet2DConditionModel", 424_181_760)]
    public async Task A_model_is_listed_with_its_totals(string model, string name, long macs)
    {
        var json = Path.Combine(_folder, "model.json");
        var run = await Invocation.Of(["model", model, "--json", json]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
        Assert.That(run.Out, Does.Contain(name).And.Contain("sensitive: first block").And.Contain("resilient").And.Contain("A step: "));
        Assert.That((long)JsonNode.Parse(File.ReadAllText(json))!["macsPerSample"]!, Is.EqualTo(macs));
    }

    [TestCase("drift: skeleton: there is no 'dit-xl'; expected one of dit-xl-2-256", "skeleton", "dit-xl")]
    [TestCase("drift: --out: expected DIR", "skeleton", "sd15")]
    [TestCase("no model or folder is called 'nowhere'", "model", "nowhere")]
    [TestCase("_class_name is 'ResNetForImageClassification'; expected one of DiTTransformer2DModel", "model", "{models}/fashion-features")]
    [TestCase("--text-tokens: ", "model", "dit-fashion", "--text-tokens", "5")]
    [TestCase("model: no model or folder is called 'nope'", "model", "nope")]
    [TestCase("--text-tokens: expected a number from 1", "model", "dit-fashion", "--text-tokens", "0")]
    public async Task What_cannot_be_listed_or_written_is_one_line(string said, params string[] arguments)
    {
        var run = await Invocation.Of([.. arguments.Select(argument => argument.Replace("{models}", DataFolder.Path("models"), StringComparison.Ordinal))]);
        Assert.That((run.ExitCode, run.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(run.Error.TrimEnd(), Does.Contain(said).And.Not.Contain('\n'));
    }

    private static SkeletonModel Small(string kind) => kind switch
    {
        "DiT" => SkeletonModel.Dit(8, 2, 1, 3, Autoencoder),
        "PixArt" => SkeletonModel.PixArt(8, 2, 1, (1, 16, 32, 1), Autoencoder),
        _ => SkeletonModel.StableDiffusion(8, [32, 32, 64], 4, (1, 16, 2), Autoencoder),
    };

    private string Written(SkeletonModel model, string name, ulong seed)
    {
        using var folder = new OutputFolder(Path.Combine(_folder, name));
        SkeletonCatalog.Write(model, folder, seed, CancellationToken.None);
        return folder.Commit();
    }
}
