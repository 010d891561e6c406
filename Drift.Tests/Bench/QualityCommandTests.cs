using System.Text.Json.Nodes;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class QualityCommandTests
{
    private string _folder = "";

    private static string Images => DataFolder.Path("fixtures", "quality", "images");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, true);

    [Test]
    public async Task Two_pictures_are_measured_and_recorded()
    {
        var json = Path.Combine(_folder, "quality.json");
        var run = await Invocation.Of(["quality", Image("blur_64x64_a"), Image("blur_64x64_b"), "--json", json,
            "--lpips", DataFolder.Path("fixtures", "quality", "lpips_alex.safetensors"), "--lpips-linear", DataFolder.Path("fixtures", "quality", "lpips_linear.safetensors")]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")));
        Assert.That(run.Out, Does.Contain("LPIPS (alex)").And.Contain("24.6152").And.Contain("feature distance"), "colours are seen by the shipped CLIP");
        var row = JsonNode.Parse(File.ReadAllText(json))!["rows"]!.AsArray().Single()!;
        Assert.That((double)row["lpips"]!, Is.EqualTo(0.017006177455186844).Within(1e-8));
        Assert.That(row["msSsim"], Is.Null, "64 pixels are too few for five scales");
    }

    [Test]
    public async Task Folders_are_matched_by_name_and_compared_as_wholes()
    {
        var (a, b) = (Folder("a", ("one", "grey_blur_64x64_a"), ("two", "grey_noise_64x64_a")), Folder("b", ("one", "grey_blur_64x64_b"), ("two", "grey_noise_64x64_b")));
        var run = await Invocation.Of(["quality", a, b]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("two.png").And.Contain("mean of 2").And.Contain("feature distance").And.Not.Contain("LPIPS")
            .And.Contain("2 and 2 vectors of 96 values").And.Contain("singular"));
        var unpaired = await Invocation.Of(["quality", a, Folder("c", ("x", "grey_blur_64x64_a"), ("y", "grey_noise_64x64_a")), "--unpaired"]);
        Assert.That(unpaired.Out, Does.StartWith("Frechet distance").And.Not.Contain("PSNR"));
    }

    [Test]
    public async Task The_sheet_that_generate_makes_of_its_pictures_is_no_further_picture()
    {
        var (a, b) = (Folder("a", ("one", "grey_blur_64x64_a"), ("pictures", "grey_noise_64x64_a")), Folder("b", ("one", "grey_blur_64x64_b"), ("pictures", "grey_noise_64x64_b")));
        Assert.That((await Invocation.Of(["quality", a, b])).Out, Does.Contain("mean of 2"), "a user's own pictures.png");
        File.WriteAllText(Path.Combine(a, "run.json"), "{}");
        File.WriteAllText(Path.Combine(b, "run.json"), "{}");
        Assert.That((await Invocation.Of(["quality", a, b])).Out, Does.Contain("one.png").And.Not.Contain("pictures.png"));
    }

    [Test]
    public async Task What_cannot_be_compared_is_one_line()
    {
        var a = Folder("a", ("one", "blur_64x64_a"), ("two", "grey_noise_64x64_a"));
        await Refused("expected the same names in both", a, Folder("b", ("one", "blur_64x64_b")));
        await Refused("one.png is 64 x 64 with 3 channels and", a, Folder("c", ("one", "blur_48x80_b"), ("two", "grey_noise_64x64_b")));
        await Refused("expected two pictures or two folders", a, Image("blur_64x64_a"));
        await Refused("there is no file or folder", a, Path.Combine(_folder, "nowhere"));
        await Refused("expected files that end in .png", a, Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName);
        await Refused("--lpips-linear: ", Image("blur_64x64_a"), Image("blur_64x64_b"), "--lpips-linear", "x");
        await Refused("--unpaired: expected two folders", Image("blur_64x64_a"), Image("blur_64x64_b"), "--unpaired");
        await Refused("reads other channels", Image("blur_64x64_a"), Image("blur_64x64_b"), "--features", DataFolder.Path("models", "fashion-features"));
        await Refused("expected one, [samples, dimensions]", DataFolder.Path("fixtures", "quality", "features_d4.safetensors"), DataFolder.Path("fixtures", "quality", "features_d4.safetensors"));
    }

    private static async Task Refused(string said, params string[] arguments)
    {
        var run = await Invocation.Of(["quality", .. arguments]);
        Assert.That((run.ExitCode, run.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(run.Error.TrimEnd(), Does.StartWith("drift: ").And.Contain(said).And.Not.Contain('\n'));
    }

    private static string Image(string name) => Path.Combine(Images, $"{name}.png");

    private string Folder(string folder, params (string Name, string Image)[] pictures)
    {
        var path = Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName;
        foreach (var (name, image) in pictures)
            File.Copy(Image(image), Path.Combine(path, $"{name}.png"));
        return path;
    }
}
