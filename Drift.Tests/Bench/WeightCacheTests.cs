using Drift.Bench;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class WeightCacheTests
{
    private static readonly LinearLayer Layer = new(new LayerKey(0, GemmRole.Query), [.. Enumerable.Range(0, 600).Select(i => MathF.Sin(i))], [], 20, 30);

    private string _folder = "";

    private string Only => Directory.EnumerateFiles(_folder).Single();

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-cache").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(ScaleGroups.PerTensor)]
    [TestCase(ScaleGroups.PerChannelAndToken)]
    public void What_was_kept_is_what_is_made(ScaleGroups groups)
    {
        var made = Get(WeightCache.Open(_folder), groups);
        var cache = WeightCache.Open(_folder);
        var found = cache.Get(Layer.Weight, groups, () => throw new AssertionException("made again"));
        Assert.Multiple(() =>
        {
            Assert.That(found.Codes, Is.EqualTo(made.Codes));
            Assert.That(found.Scales, Is.EqualTo(made.Scales));
            Assert.That(cache.Summary, Does.Contain("1 layers found, 0 made."));
        });
    }

    [Test]
    public void A_damaged_entry_is_made_again([Values(0, 300, 650, 700)] int at, [Values] bool cut)
    {
        var made = Get(WeightCache.Open(_folder), ScaleGroups.PerTensor);
        var bytes = File.ReadAllBytes(Only);
        bytes[at] ^= 1;
        File.WriteAllBytes(Only, cut ? bytes[..at] : bytes);
        var cache = WeightCache.Open(_folder);
        Assert.That(Get(cache, ScaleGroups.PerTensor).Codes, Is.EqualTo(made.Codes));
        Assert.That(cache.Summary, Does.Contain("0 layers found, 1 made, 1 of them because their file was damaged"));
        Assert.That(cache.Get(Layer.Weight, ScaleGroups.PerTensor, () => throw new AssertionException("not mended")).Codes, Is.EqualTo(made.Codes));
    }

    [Test]
    public void Other_weights_other_shapes_and_other_scales_are_other_entries()
    {
        var cache = WeightCache.Open(_folder);
        Get(cache, ScaleGroups.PerTensor);
        Get(cache, ScaleGroups.PerChannelAndToken);
        Get(cache, ScaleGroups.PerTensor, new LinearLayer(Layer.Key, Layer.Weight.ReadAll(), [], 30, 20));
        var other = Layer.Weight.ReadAll();
        other[^1] += 1e-3f;
        Get(cache, ScaleGroups.PerTensor, new LinearLayer(Layer.Key, other, [], 20, 30));
        Assert.That(Directory.EnumerateFiles(_folder).Count(), Is.EqualTo(4));
        Assert.That(cache.Summary, Does.Contain("0 layers found, 4 made."));
    }

    [Test]
    public void A_file_in_the_folders_place_is_refused()
    {
        var file = Path.Combine(_folder, "taken");
        File.WriteAllText(file, "");
        Assert.That(() => WeightCache.Open(file), Throws.InstanceOf<UserErrorException>().With.Message.StartsWith("--weight-cache: "));
    }

    private static QuantisedCodes Get(WeightCache cache, ScaleGroups groups, LinearLayer? layer = null) =>
        cache.Get((layer ?? Layer).Weight, groups, () => QuantisedLayers.Codes((layer ?? Layer).Weight, groups));
}
