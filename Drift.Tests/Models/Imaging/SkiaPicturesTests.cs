using Drift.Models;
using NUnit.Framework;
using SkiaSharp;

namespace Drift.Tests.Models.Imaging;

public sealed class SkiaPicturesTests
{
    private readonly SkiaPictures _png = new();
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [TestCase(1)]
    [TestCase(3)]
    public void Pixels_survive_a_file_and_bytes_repeat(int channels)
    {
        var pixels = new byte[7 * 13 * channels];
        new Random(5).NextBytes(pixels);
        var picture = new Picture(7, 13, channels, pixels);
        var path = Path.Combine(_folder, "p.png");
        File.WriteAllBytes(path, _png.Encode(picture));
        var read = _png.Read(path);
        Assert.That((read.Height, read.Width, read.Channels), Is.EqualTo((7, 13, channels)));
        Assert.That(read.Pixels, Is.EqualTo(pixels));
        Assert.That(_png.Encode(new Picture(7, 13, channels, [.. pixels])), Is.EqualTo(File.ReadAllBytes(path)));
    }

    [Test]
    public void A_file_that_is_no_picture_or_cut_short_is_named()
    {
        var path = Path.Combine(_folder, "bad.png");
        File.WriteAllText(path, "no picture");
        Assert.That(Assert.Throws<IOException>(() => _png.Read(path))!.Message, Does.Contain(path));
        var whole = File.ReadAllBytes(DataFolder.Path("fixtures", "quality", "images", "noise_64x64_a.png"));
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        Assert.That(Assert.Throws<IOException>(() => _png.Read(path))!.Message, Does.Contain(path));
    }

    [Test]
    public void A_grid_shows_the_enlarged_pixels_and_some_ink_for_each_label()
    {
        var black = new Picture(2, 2, 1, new byte[4]);
        var red = new Picture(2, 2, 3, [255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0]);
        var grid = PictureGrid.Draw(["seed 1\nbag", "seed 2\ncoat"], [new("nominal", [black, red]), new("DRIFT", [red, black])], 8);
        var colours = grid.Pixels.Chunk(3).CountBy(p => (p[0], p[1], p[2])).ToDictionary();
        Assert.That(colours[(255, 0, 0)], Is.EqualTo(2 * 16 * 16));
        Assert.That(colours[(0, 0, 0)], Is.AtLeast(2 * 16 * 16));
        var grey = colours.Where(c => c.Key.Item1 == c.Key.Item2 && c.Key.Item1 is > 0 and < 255).Sum(c => c.Value);
        Assert.That(grey, Is.GreaterThan(100), "antialiased edges of the labels' letters");
        Assert.Throws<ArgumentException>(() => PictureGrid.Draw(["a"], [new("x", [black, black])], 1));
    }

    [Test, NonParallelizable]
    public void Grid_after_grid_leaves_nothing_more_in_skias_cache_of_glyphs()
    {
        var row = new PictureRow("nominal", [new Picture(2, 2, 1, new byte[4])]);
        PictureGrid.Draw(["seed 1"], [row], 8);
        var first = SKGraphics.GetFontCacheCountUsed();
        for (var i = 0; i < 5; i++)
            PictureGrid.Draw(["seed 1"], [row], 8);
        Assert.That(SKGraphics.GetFontCacheCountUsed(), Is.EqualTo(first));
    }
}
