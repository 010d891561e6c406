using Drift.Dvfs;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Pictures only: a folder with each picture, the grid of them, and what is needed to draw them again.</summary>
internal static class Generation
{
    private const int GridScale = 2;
    private const int GridColumns = 8;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(GenerateOptions options, Session session)
    {
        var (sampling, started) = (options.Sampling, DateTime.UtcNow);
        using var folder = new OutputFolder(sampling.OutOr("generate", DateTime.Now));
        using var lab = Lab.Open(sampling);
        foreach (var omission in lab.Omissions)
            session.Error.WriteLine($"drift: {omission}");
        var strategy = options.Quantised ? lab.Strategy(() => new UniformPolicy(OperatingPoint.Nominal), OutputForm.Saturating, null) : null;
        IReadOnlyList<DrawnPicture> drawn = [];
        RunProgress.Show([sampling.Model.Name], sampling.Images * sampling.Steps, session,
            advance => drawn = lab.Draw([strategy], advance, session.Cancellation)[0].Pictures);

        var codec = new SkiaPictures();
        var pictures = drawn.Select(picture => Picture.From(picture.Image)).ToList();
        for (var i = 0; i < pictures.Count; i++)
            folder.Write($"{i:D4}-seed{sampling.SeedOf(i)}-{Caption.FileName(sampling.LabelOf(i))}.png", codec.Encode(pictures[i]));
        folder.Write("pictures.png", codec.Encode(Grid(pictures)));
        folder.Write("run.json", ResultJson.Write(RunRecord.Of(sampling, options.ToSettings(), started)));
        var target = folder.Commit(session.Cancellation);
        ProfileTable.PrintAll(session.Out, [sampling.Model.Name], lab);
        session.Out.WriteLine($"{Numerals.Count(pictures.Count, "picture")} written to {target}");
        return ErrorPolicy.Success;
    }

    private static Picture Grid(List<Picture> pictures)
    {
        var width = Math.Min(GridColumns, pictures.Count);
        var blank = new Picture(pictures[0].Height, pictures[0].Width, pictures[0].Channels, new byte[pictures[0].Pixels.Length]);
        var rows = pictures.Chunk(width).Select((row, i) => new PictureRow($"{i * width}..", [.. row, .. Enumerable.Repeat(blank, width - row.Length)])).ToList();
        return PictureGrid.Draw([.. Enumerable.Range(0, width).Select(i => $"+{i}")], rows, GridScale);
    }
}
