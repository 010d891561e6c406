using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>Products beside the paper's: attention's own, the embeddings, the decoder.</summary>
[TestFixture]
public sealed class LayerSelectionTests
{
    private readonly Workbench _bench = new();

    [OneTimeTearDown]
    public void Dispose() => _bench.Dispose();

    [Test]
    public void Words_add_up_and_an_unknown_one_is_none()
    {
        var kind = PipelineCatalog.Get("DiTPipeline");
        if (LayerSelection.Parse("default, embeddings,vae", kind) is not { } some)
            throw new AssertionException("no selection");
        Assert.Multiple(() =>
        {
            Assert.That(some.Roles, Is.EquivalentTo(kind.GuardedRoles.Concat([GemmRole.PatchEmbedding, GemmRole.TimestepEmbedding, GemmRole.SizeEmbedding, GemmRole.CaptionProjection])));
            Assert.That((some.Products, some.Autoencoder, some.TextEncoder), Is.EqualTo((false, true, false)));
            Assert.That(LayerSelection.Parse("all", kind) is { Products: true, Autoencoder: true, TextEncoder: true });
            Assert.That(LayerSelection.Parse("products", kind)?.Roles, Is.Empty);
            Assert.That(LayerSelection.Parse("default,attentions", kind), Is.Null);
            Assert.That(LayerSelection.Parse("", kind), Is.Null);
        });
    }

    [TestCase(null)]
    [TestCase(0.5f)]
    public void Products_of_attention_in_INT8_are_near_fp32_and_each_head_has_a_place_of_its_own(float? scale)
    {
        const int tokens = 24, keys = 12, heads = 2, samples = 2, depth = 16;
        var random = new Random(5);
        Tensor Noise(int rows) => new([.. Enumerable.Range(0, rows * heads * depth).Select(_ => 2 * random.NextSingle() - 1)], rows, heads * depth);
        var (query, key, value) = (Noise(samples * tokens), Noise(samples * keys), Noise(samples * keys));
        var mask = Enumerable.Range(0, samples * keys).Select(i => i % keys != 3).ToArray();
        AttentionCall Call(Tensor output) => new(query, key, value, tokens, heads, output) { KeyTokens = keys, KeyMask = mask, Scale = scale };
        var (exact, ours) = (new Tensor(samples * tokens, heads * depth), new Tensor(samples * tokens, heads * depth));
        DotProductAttention.Run(Call(exact), new Workspace());

        var sites = new List<GemmSite>();
        using var layers = new QuantisedLayers(new ReferenceBackend(), ScaleGroups.PerChannelAndToken);
        using var unit = new GuardedGemm(_bench.Platform, Workbench.Nominal with { CoversProducts = true, Outputs = OutputForm.Wide }, layers, [new PictureRun(new PictureRequest(1, 0))])
        {
            Watch = product => sites.Add(product.Site),
        };
        unit.Attend(new StepContext(3, 0, new Workspace()), Call(ours));
        Assert.That(RelativeError.Largest(ours.Span, exact.Span), Is.LessThan(0.03).And.GreaterThan(1e-5));
        Assert.That(sites, Is.Unique.And.Count.EqualTo(2 * heads * samples).And.All.Matches<GemmSite>(site => site.Step == 3));
    }

    [Test]
    public void Faults_hit_what_is_selected()
    {
        var kind = _bench.Pipeline.Kind;
        long Flips(string list, int steps = 3)
        {
            var strategy = Workbench.Guarded.With(LayerSelection.Parse(list, kind)!);
            IGemmUnit Open(IReadOnlyList<PictureRun> runs) => new GuardedGemm(_bench.Platform, strategy, _bench.Layers, runs);
            IGemmUnit OpenDecoder(IReadOnlyList<PictureRun> runs) => new GuardedGemm(_bench.Platform, strategy.Beside(), _bench.Layers, runs);
            var drawing = new Drawing(Workbench.Requests(1), Open) { OpenDecoder = strategy.CoversAutoencoder ? OpenDecoder : null };
            var drawn = new PictureBatch(_bench.Pipeline, 1).Draw(drawing, new SamplingSettings(steps, 2))[0];
            Assert.That(drawn.Ledger.MissedUnexplained, Is.Zero);
            return drawn.Ledger.FaultsInjected;
        }

        var (usual, products, decoder) = (Flips("default"), Flips("default,products"), Flips("default,vae"));
        Assert.Multiple(() =>
        {
            // A block's layers give 64 tokens x 2 halves x 1152 values, its attention 64 x 64 scores and 64 x 32 values a head, of 4 heads.
            Assert.That(products, Is.GreaterThan(usual * 1.05));
            Assert.That(decoder, Is.GreaterThan(usual));
            Assert.That(Flips("embeddings"), Is.GreaterThan(0).And.LessThan(usual / 5));
        });
    }
}
