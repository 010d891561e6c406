using System.CommandLine;

namespace Drift.Bench;

/// <summary>All settings of <c>quality</c>.</summary>
/// <param name="A">A picture, a folder of pictures, or a safetensors file of features: the reference.</param>
/// <param name="B">The other, of the same kind.</param>
/// <param name="Lpips">Files with LPIPS' weights; empty for none.</param>
/// <param name="Features">Folder of the classifier or CLIP whose features are compared, or null for the shipped one.</param>
/// <param name="Unpaired">Compare the folders as wholes only: names need not match.</param>
/// <param name="Json">Second place for the results, or null.</param>
internal sealed record QualityOptions(string A, string B, IReadOnlyList<string> Lpips, string? Features, bool Unpaired, string? Json)
{
    /// <summary>The settings as files record them.</summary>
    public IReadOnlyDictionary<string, object?> ToSettings() => new Dictionary<string, object?>
    {
        ["a"] = A,
        ["b"] = B,
        ["lpips"] = Lpips,
        ["features"] = Features,
        ["unpaired"] = Unpaired,
    };
}

/// <summary><c>drift quality A B</c>: how far pictures are from others, picture by picture and as wholes.</summary>
internal static class QualityCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("quality", "Compare two pictures, two folders of pictures of the same names, or two safetensors files of features");
        var a = Declare.Path("A", "A picture, a folder of pictures, or a safetensors file that holds one matrix of features: the reference");
        var b = Declare.Path("B", "The other, of the same kind");
        var lpips = Declare.Text("--lpips", "Weights of LPIPS: torchvision's alexnet or vgg16, alone or with the linear layers in one file (docs/quality.md)", "FILE.safetensors");
        var linear = Declare.Text("--lpips-linear", "The lpips package's linear layers, where they have a file of their own", "FILE.safetensors");
        var features = Declare.Text("--features", "Folder of a ResNetForImageClassification or a CLIPModel whose features are compared [default: the shipped classifier for grey pictures, the shipped CLIP for others]", "FOLDER");
        var unpaired = new Option<bool>("--unpaired") { Description = "Only the distances of whole folders: names need not match" };
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        command.Arguments.Add(a);
        command.Arguments.Add(b);
        foreach (var option in new Option[] { lpips, linear, features, unpaired, json })
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            if (parsed.GetValue(linear) is not null && parsed.GetValue(lpips) is null)
                throw new UserErrorException("--lpips-linear: the layers need a network; expected --lpips beside it");
            string?[] weights = [parsed.GetValue(lpips), parsed.GetValue(linear)];
            return QualityRun.Run(new QualityOptions(parsed.GetRequiredValue(a), parsed.GetRequiredValue(b), [.. weights.OfType<string>()],
                parsed.GetValue(features), parsed.GetValue(unpaired), parsed.GetValue(json)), session);
        });
        return command;
    }
}
