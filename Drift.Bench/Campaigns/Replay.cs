using System.Globalization;
using System.Text;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Draws a trial again from its row and the plan, from the first step on, and holds it against the row.</summary>
internal static class Replay
{
    private const int Scale = 4;

    /// <summary>Runs it.</summary>
    /// <param name="options">All settings.</param>
    /// <param name="session">Where it writes and what stops it.</param>
    /// <returns>The exit code: a failure where the picture is another one.</returns>
    public static int Run(ReplayOptions options, Session session)
    {
        var file = Path.Combine(options.Campaign, CampaignFolder.PlanFile);
        if (!File.Exists(file))
            throw new UserErrorException($"{options.Campaign}: there is no {CampaignFolder.PlanFile}; expected the folder of a campaign");
        var plan = CampaignPlan.Read(file);
        var row = Find(plan, options);
        var model = ModelFolder.Find(plan.Model, file);
        if (PlanRequest.Digest(model) is var digest && digest != plan.ModelDigest)
            throw new UserErrorException($"{model.Path}: the model's files are not those of the campaign ({digest}, not {plan.ModelDigest}); expected the same model");
        using var folder = new OutputFolder(options.Out ?? Path.Combine("results", $"replay-{CellsCsv.IdOf(row.Cell)}-{row.Trial}"));
        using var lab = new CampaignLab(plan, model, CampaignModel.Open(plan, model), options.Backend);
        var worker = new TrialWorker(lab);
        var trace = new FlipTrace();
        var (again, image) = lab.Run(row.Cell, row.Trial, worker, session.Cancellation, trace.Add, whole: true);
        var codec = new SkiaPictures();
        var (picture, clean) = (Picture.From(image), Picture.From(lab.Clean(row.Cell, row.Trial, worker, session.Cancellation).Image));
        folder.Write("picture.png", codec.Encode(picture));
        folder.Write("pictures.png", codec.Encode(PictureGrid.Draw(["clean", "trial"], [new PictureRow(CellsCsv.IdOf(row.Cell), [clean, picture])], Scale)));
        folder.Write("products.csv", trace.Products());
        folder.Write("flips.csv", trace.Flips());
        folder.Write("row.json", ResultJson.Write(again));
        var target = folder.Commit(session.Cancellation);
        var same = again.Digest == row.Digest && (again.Faults, again.Flagged, again.Mended) == (row.Faults, row.Flagged, row.Mended);
        session.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{CellsCsv.IdOf(row.Cell)} trial {row.Trial}: {string.Join(", ", plan.Axes.Zip(plan.ValuesOf(row.Cell), (axis, value) => $"{axis.Name} {value}"))}; {again.Faults} flips, {plan.Metrics[0]} {again.Metrics[0]:0.##}"));
        session.Out.WriteLine(same ? $"The same picture, to the bit ({again.Digest}); written to {target}" : $"ANOTHER picture: {again.Digest}, where the journal has {row.Digest}; written to {target}");
        return same ? ErrorPolicy.Success : ErrorPolicy.Failure;
    }

    private static TrialRow Find(CampaignPlan plan, ReplayOptions options)
    {
        var cell = CellsCsv.Parse(options.Cell) is { } number && number < plan.Cells ? number
            : throw new UserErrorException($"--cell: there is no cell '{options.Cell}'; expected one of {CellsCsv.IdOf(0)} to {CellsCsv.IdOf(plan.Cells - 1)}");
        var (sign, best) = (Metric.Named(plan.Metrics[0]).MoreIsBetter ? 1 : -1, default(TrialRow));
        Journal<TrialRow>.Read(Path.Combine(options.Campaign, CampaignFolder.JournalFile), row =>
        {
            if (row.Cell == cell && (options.Trial is { } trial ? row.Trial == trial : best is null || sign * row.Metrics[0] < sign * best.Metrics[0]))
                best = row;
        });
        return best ?? throw new UserErrorException(options.Trial is { } wanted ? $"--trial: {options.Cell} has no trial {wanted} in {options.Campaign}" : $"--cell: {options.Cell} has no trial yet in {options.Campaign}");
    }

    /// <summary>What the guarded products of a run met.</summary>
    private sealed class FlipTrace
    {
        private readonly StringBuilder _products = new("step,block,role,index,volts,flips,lines_flagged\n"), _flips = new("step,block,role,index,row,column,bit\n");

        public void Add(GuardedProduct product)
        {
            var flips = product.Faults.All;
            if (flips.IsEmpty)
                return;
            var site = product.Site;
            var where = string.Create(CultureInfo.InvariantCulture, $"{site.Step},{site.Block},{site.Role},{site.Index}");
            _products.Append(CultureInfo.InvariantCulture, $"{where},{product.Point.Voltage.Value},{flips.Length},{product.Finding.FlaggedLines}\n");
            foreach (var flip in flips)
                _flips.Append(CultureInfo.InvariantCulture, $"{where},{flip.Row},{flip.Column},{flip.Bit}\n");
        }

        public byte[] Products() => Encoding.UTF8.GetBytes(_products.ToString());

        public byte[] Flips() => Encoding.UTF8.GetBytes(_flips.ToString());
    }
}
