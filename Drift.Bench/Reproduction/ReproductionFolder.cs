using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>
/// The folder of a reproduction: a folder a table, which appears whole or not at all, and the report over them. What is finished is kept, so that a run that was stopped goes on.
/// </summary>
internal sealed class ReproductionFolder
{
    private readonly string _path;
    private readonly string _budget;
    private readonly IReadOnlyDictionary<string, string> _models;

    /// <summary>Opens a folder, new or begun.</summary>
    /// <param name="options">What is made, and where.</param>
    /// <exception cref="UserErrorException">It holds other things, or tables of another budget or of other models.</exception>
    public ReproductionFolder(ReproduceOptions options)
    {
        var (path, budget) = (options.Out, options.Budget.Name);
        (_path, _budget) = (path, budget);
        _models = options.Instead.ToDictionary(model => model.Key, model => $"{model.Value} {PlanRequest.Digest(ModelFolder.Find(model.Value))}");
        if (File.Exists(path))
            throw new UserErrorException($"--out: {path} is a file; expected a folder");
        if (!Directory.Exists(path))
            return;
        var strangers = Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)!).Where(name => !IsOurs(name)).Order(StringComparer.Ordinal).ToList();
        if (strangers.Count > 0)
            throw new UserErrorException($"--out: {path} holds {strangers[0]}; expected a new folder, or one that reproduce began");
        if (Finished().FirstOrDefault(table => table.Budget != budget) is { } other)
            throw new UserErrorException($"--out: {path} holds a --{other.Budget} run of {other.Id}; expected another folder for --{budget}");
        if (Finished().FirstOrDefault(table => !table.Models.OrderBy(model => model.Key).SequenceEqual(_models.OrderBy(model => model.Key))) is { } foreign)
            throw new UserErrorException($"--out: {path} holds {foreign.Id} of other models ({Named(foreign.Models)}); expected another folder for {Named(_models)}");
    }

    /// <summary>The finished tables, in the order of the catalogue.</summary>
    public IReadOnlyList<TableRecord> Finished() => [.. TableCatalog.All.Select(table => Read(table.Id)).OfType<TableRecord>()];

    /// <summary>Writes a table, whole or not at all.</summary>
    /// <param name="table">The table.</param>
    /// <param name="result">Its contents.</param>
    public TableRecord Write(ITable table, TableResult result)
    {
        var record = TableRecord.Of(table, result, _budget) with { Models = _models };
        // What lies in its place was left by a run that was stopped.
        if (Directory.Exists(At(table.Id)))
            Directory.Delete(At(table.Id), true);
        using var folder = new OutputFolder(At(table.Id));
        foreach (var (figure, files) in result.Figures.Zip(record.Figures))
        {
            folder.Write(files.File, FigureDrawing.ToPng(figure, dark: false));
            folder.Write(files.DarkFile, FigureDrawing.ToPng(figure, dark: true));
        }

        folder.Write(TableRecord.CsvFile, record.ToCsv());
        folder.Write(TableRecord.Json, ResultJson.Write(record));
        folder.Commit();
        return record;
    }

    /// <summary>The journal of a table that is to be made.</summary>
    /// <param name="table">The table.</param>
    /// <param name="options">What it is made with.</param>
    public ScoreJournal Journal(ITable table, ReproduceOptions options) => new(At($".{table.Id}.journal"), Identity(options));

    /// <summary>Writes a file of the whole reproduction in place of an older one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">Its contents.</param>
    /// <returns>Where it lies.</returns>
    public string Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(_path);
        using var file = new OutputFile("--out", At(name));
        file.Commit(bytes);
        return At(name);
    }

    /// <summary>A file of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="file">Its name.</param>
    public byte[] ReadFile(TableRecord table, string file) => File.ReadAllBytes(Path.Combine(At(table.Id), file));

    private string At(string name) => Path.Combine(_path, name);

    private TableRecord? Read(string id)
    {
        var file = Path.Combine(At(id), TableRecord.Json);
        try
        {
            return File.Exists(file) ? ResultJson.Read<TableRecord>(File.ReadAllBytes(file)) : null;
        }
        catch (JsonException)
        {
            // A damaged table is made again.
            return null;
        }
    }

    /// <summary>What decides a picture's score beside its table: the program, to the build, the models and the budget.</summary>
    private string Identity(ReproduceOptions options) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ',
        [.. new[] { typeof(ITable), typeof(DiffusionPipeline), typeof(OperatingPoint), typeof(Checkpoint), typeof(FaultPlan) }.Select(type => $"{type.Module.ModuleVersionId:N}"),
            options.Budget.Name, .. _models.OrderBy(model => model.Key, StringComparer.Ordinal).Select(model => model.Value)]))))[..16];

    private static string Named(IReadOnlyDictionary<string, string> models) => models.Count == 0 ? "the shipped ones" : string.Join(", ", models.Values);

    private static bool IsOurs(string name) => name.StartsWith('.') || name is Reproduction.Html or Reproduction.Markdown or Reproduction.Record || TableCatalog.All.Any(table => table.Id == name);
}
