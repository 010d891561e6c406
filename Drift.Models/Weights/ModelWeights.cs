using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Drift.Models;

/// <summary>
/// The weights in a model folder, by name: one safetensors file, or several with an index, as diffusers and transformers save them. Open only while a network
/// is being built.
/// </summary>
public sealed class ModelWeights : IDisposable
{
    private const int MissingShown = 10;

    private static readonly string[] Candidates =
    [
        "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json",
        "model.safetensors", "model.safetensors.index.json",
        "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.safetensors.index.fp16.json",
        "model.fp16.safetensors", "model.safetensors.index.fp16.json",
    ];

    /// <summary>Pickles, which run code when they are read.</summary>
    private static readonly string[] Pickles = ["diffusion_pytorch_model.bin", "pytorch_model.bin", "diffusion_pytorch_model.bin.index.json", "pytorch_model.bin.index.json"];

    /// <summary>Buffers that older versions saved beside the weights: counts of places and batches, and tables that are worked out.</summary>
    private static readonly string[] Buffers = ["position_ids", "num_batches_tracked", "pos_embed.pos_embed"];

    private static readonly Regex Numbers = new("[0-9]+");

    private readonly Dictionary<string, SafetensorsFile> _fileOf = [];
    private readonly List<SafetensorsFile> _files = [];
    private readonly List<string> _missing = [];
    private readonly HashSet<string> _known = [];
    private readonly List<string> _others = [];
    private readonly long _volume;
    private readonly bool _isFolder;

    private ModelWeights(string folder)
    {
        if (!Directory.Exists(folder))
            throw new ModelFormatException($"{folder}: no such folder; expected a model as diffusers or transformers saves it");
        _isFolder = true;
        Source = Candidates.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw NoWeights(folder);
        try
        {
            if (Source.EndsWith(".json", StringComparison.Ordinal))
                OpenShards(folder);
            else
                Add(SafetensorsFile.Open(Source));
        }
        catch
        {
            Dispose();
            throw;
        }

        _volume = Volume();
    }

    private ModelWeights(IReadOnlyList<string> files)
    {
        Source = string.Join(" and ", files);
        try
        {
            foreach (var file in files)
                Add(SafetensorsFile.Open(file));
        }
        catch
        {
            Dispose();
            throw;
        }

        _volume = Volume();
    }

    /// <summary>The file or files, or the index of them.</summary>
    public string Source { get; }

    /// <summary>Builds a network from safetensors files of any name, as weights that are no diffusers or transformers folder come.</summary>
    /// <typeparam name="T">The network.</typeparam>
    /// <param name="files">The files; together they hold each tensor once.</param>
    /// <param name="build">As for a folder.</param>
    /// <exception cref="ModelFormatException">As for a folder; or two files hold the same tensor.</exception>
    public static T Load<T>(IReadOnlyList<string> files, Func<ModelWeights, T> build)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Build(new ModelWeights(files), build);
    }

    /// <summary>Builds a network from a folder's weights.</summary>
    /// <typeparam name="T">The network.</typeparam>
    /// <param name="folder">A folder as <c>save_pretrained</c> writes it.</param>
    /// <param name="build">Reads every tensor that the network needs. A missing one reads as zeros there, so that all missing ones can be named together.</param>
    /// <exception cref="ModelFormatException">A file is missing or unsound, or a tensor is missing, of another shape, or not finite; or there are more layers than the network reads.</exception>
    public static T Load<T>(string folder, Func<ModelWeights, T> build) => Build(new ModelWeights(folder), build);

    /// <summary>Whether a tensor is there.</summary>
    /// <param name="name">The tensor.</param>
    public bool Has(string name) => _fileOf.ContainsKey(name);

    /// <summary>Leaves tensors unread that checkpoints of this kind may hold besides, such as another network's.</summary>
    /// <param name="beginnings">What their names begin with.</param>
    public void Leave(params ReadOnlySpan<string> beginnings) => _others.AddRange(beginnings);

    /// <summary>A tensor's extents, or null where it is not there.</summary>
    /// <param name="name">The tensor.</param>
    public IReadOnlyList<int>? Shape(string name) => _fileOf.TryGetValue(name, out var file) ? file.Shape(name) : null;

    /// <summary>A tensor's values as fp32, row-major.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">The shape that the network gives it.</param>
    /// <exception cref="ModelFormatException">The tensor has another shape or holds NaN or infinity; or the tenth one is missing.</exception>
    public float[] Read(string name, params ReadOnlySpan<int> shape)
    {
        if (Find(name, shape) is not { } stored)
            return Absent(name, shape);
        var values = new float[stored.Count];
        stored.Read(0, values);
        return values;
    }

    /// <summary>The weights of a layer, checked now and read when they are needed.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">The shape that the network gives it: [N, K], or [N, channels, kernel, kernel] of a convolution.</param>
    /// <exception cref="ModelFormatException">As in <see cref="Read"/>.</exception>
    public WeightRows Rows(string name, params ReadOnlySpan<int> shape)
    {
        if (Find(name, shape) is { } stored)
            return new StoredRows(stored, shape.Length == 4 ? shape[^1] : 1);
        var zeros = Absent(name, shape);
        return new HeldRows(zeros, shape[0], zeros.Length / shape[0]);
    }

    /// <summary>A table of embeddings, checked now and read when its rows are needed.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="ids">Number of rows.</param>
    /// <param name="width">Values of a row.</param>
    /// <exception cref="ModelFormatException">As in <see cref="Read"/>.</exception>
    public EmbeddingTable Table(string name, int ids, int width)
    {
        var stored = Find(name, [ids, width]);
        if (stored is null)
            Absent(name, [ids, width]);
        return new EmbeddingTable(stored, width);
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    /// <summary>A tensor of the right shape, all finite; null where it is missing.</summary>
    private StoredTensor? Find(string name, ReadOnlySpan<int> shape)
    {
        _known.Add(name);
        if (!_fileOf.TryGetValue(name, out var file))
            return null;
        var stored = file.Stored(name);
        if (!shape.SequenceEqual([.. stored.Shape]))
        {
            throw new ModelFormatException($"{file.Path}: tensor '{name}' has shape [{string.Join(", ", stored.Shape)}]; " +
                $"expected [{string.Join(", ", shape.ToArray())}]");
        }

        if (stored.Count > Array.MaxLength)
            throw new ModelFormatException($"{file.Path}: tensor '{name}' has {stored.Count} values; at most {Array.MaxLength} can be read");
        stored.RequireFinite();
        return stored;
    }

    private static T Build<T>(ModelWeights opened, Func<ModelWeights, T> build)
    {
        using var weights = opened;
        ArgumentNullException.ThrowIfNull(build);
        var network = build(weights);
        if (weights._missing.Count > 0)
            throw weights.Missing();
        weights.JudgeExtra();
        return network;
    }

    private long Volume() => _fileOf.Sum(tensor => tensor.Value.Shape(tensor.Key).Aggregate(1L, (volume, extent) => volume * extent));

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (var name in file.Names)
        {
            if (!_fileOf.TryAdd(name, file))
                throw new ModelFormatException($"{file.Path}: tensor '{name}' is also in {_fileOf[name].Path}; expected it once");
        }
    }

    private void OpenShards(string folder)
    {
        var shards = new Dictionary<string, SafetensorsFile>();
        foreach (var (name, shard) in ModelConfig.Read(Source).TextMap("weight_map"))
        {
            // A name that leads out of the folder would let a download read any file of this machine. A link of that name is the user's own: the cache of downloads is made of such.
            if (shard.AsSpan().ContainsAny('/', '\\', ':') || shard.Contains("..", StringComparison.Ordinal) || !shard.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new ModelFormatException($"{Source}: shard '{shard}' is not the plain name of a .safetensors file in this folder");
            if (!shards.TryGetValue(shard, out var file))
            {
                file = SafetensorsFile.Open(Path.Combine(folder, shard));
                _files.Add(file);
                shards.Add(shard, file);
            }

            if (!file.Contains(name))
                throw new ModelFormatException($"{file.Path}: there is no tensor '{name}', which the index says is here");
            _fileOf.Add(name, file);
        }
    }

    /// <summary>
    /// Zeros in place of a tensor that is not there. Never more of them than the folder has weights, and never for more than ten tensors: a hostile config
    /// gets no memory that the weights do not justify.
    /// </summary>
    private float[] Absent(string name, ReadOnlySpan<int> shape)
    {
        _missing.Add(name);
        var volume = 1L;
        foreach (var extent in shape)
            volume = Math.Min(volume * extent, int.MaxValue);
        return _missing.Count < MissingShown && volume <= _volume ? new float[volume] : throw Missing();
    }

    private ModelFormatException Missing() => new($"{Source}: missing {(_missing.Count < MissingShown ? "" : "at least ")}{_missing.Count} " +
        $"tensor{(_missing.Count == 1 ? "" : "s")} that the network needs: {string.Join(", ", _missing)}");

    /// <summary>
    /// Tensors that differ from the network's own by their numbers alone are further layers: the config describes another network than was trained. What else the network does not know it
    /// leaves unread, as diffusers and transformers do, with a warning to <see cref="Trace"/>.
    /// </summary>
    private void JudgeExtra()
    {
        if (!_isFolder)
            return;
        var extra = _fileOf.Keys.Where(name => !_known.Contains(name) && !_others.Any(other => name.StartsWith(other, StringComparison.Ordinal))
            && !Buffers.Any(buffer => name.EndsWith(buffer, StringComparison.Ordinal))).Order(StringComparer.Ordinal).ToList();
        var kinds = _known.Select(WithoutNumbers).ToHashSet();
        if (extra.FindAll(name => kinds.Contains(WithoutNumbers(name))) is { Count: > 0 } layers)
            throw new ModelFormatException($"{Source}: {Counted(layers)} of further layers than the config describes: {Listed(layers)}");
        if (extra.Count > 0)
            Trace.TraceWarning($"{Source}: {Counted(extra)} that the network does not have, left unread: {Listed(extra)}");

        static string WithoutNumbers(string name) => Numbers.Replace(name, "#");
        static string Counted(List<string> names) => $"{names.Count} tensor{(names.Count == 1 ? "" : "s")}";
        static string Listed(List<string> names) => $"{string.Join(", ", names.Take(MissingShown))}{(names.Count > MissingShown ? ", ..." : "")}";
    }

    private static ModelFormatException NoWeights(string folder) => new($"{folder}: no weights there; expected one of {string.Join(", ", Candidates)}" +
        (Pickles.FirstOrDefault(name => File.Exists(Path.Combine(folder, name))) is { } pickle ? $"; {pickle} is a pickle: save it again with safe_serialization=True" : ""));
}
