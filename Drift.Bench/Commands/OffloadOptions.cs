using System.CommandLine;
using Drift.Abft;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Where checkpoints live and in which order. None of it changes a bit of a picture.</summary>
/// <param name="Memory">Most bytes of checkpoints in memory, all pictures in flight together; null for no limit.</param>
/// <param name="Folder">Folder of the files that take the rest; null for the system's temporary one.</param>
/// <param name="Layout">Order of the elements: one of <see cref="TileLayouts.Names"/>.</param>
internal sealed record OffloadOptions(long? Memory, string? Folder, string Layout)
{
    /// <summary>Where checkpoints live whose activations stay on a device.</summary>
    public CheckpointPlace Place { get; init; }

    /// <summary>Row-major, in memory.</summary>
    public static OffloadOptions Standard { get; } = new(null, null, TileLayouts.Default);

    /// <summary>The settings as files record them.</summary>
    public IEnumerable<KeyValuePair<string, object?>> ToSettings() => [new("checkpointMemory", Memory), new("checkpointFolder", Folder), new("layout", Layout), new("checkpointPlace", NameOf(Place))];

    /// <summary>A place as options name it.</summary>
    public static string NameOf(CheckpointPlace place) => place == CheckpointPlace.Host ? "host" : "device";

    /// <summary>The tiers.</summary>
    public OffloadMemory Open() => Memory is { } bytes ? new OffloadMemory(bytes, new MappedFileTier(Folder ?? Path.GetTempPath())) : new OffloadMemory();
}

/// <summary>The options of offloading.</summary>
internal sealed class OffloadArguments
{
    private readonly Option<long?> _memory = Declare.Optional("--checkpoint-memory", "Bytes of checkpoints in memory, all pictures in flight together; the rest goes to files [default: no limit]", 0, long.MaxValue);
    private readonly Option<string?> _folder = Declare.Text("--checkpoint-folder", "Folder of those files [default: the system's temporary folder]", "DIR");
    private readonly Option<string> _layout = Declare.Choice("--layout", "Order of a checkpoint's elements in memory", TileLayouts.Default, [.. TileLayouts.Names]);

    private readonly Option<string> _place = Declare.Choice("--checkpoint-place", "Where a device's checkpoints live: its own memory, or the host's, page-locked, on a queue of their own",
        OffloadOptions.NameOf(CheckpointPlace.Device), [.. Enum.GetValues<CheckpointPlace>().Select(OffloadOptions.NameOf)]);

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _memory, _folder, _layout })
            command.Options.Add(option);
    }

    /// <summary>Declares the place too, on a command whose checkpoints may live on a device.</summary>
    public void AddPlaceTo(Command command) => command.Options.Add(_place);

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">The folder does not exist, or nothing would go there.</exception>
    public OffloadOptions Bind(ParseResult parsed)
    {
        var (memory, folder) = (parsed.GetValue(_memory), parsed.GetValue(_folder));
        if (folder is not null && memory is null)
            throw new UserErrorException($"{_folder.Name}: nothing goes to files without a limit; expected {_memory.Name} beside it");
        if (folder is not null && !Directory.Exists(folder))
            throw new UserErrorException($"{_folder.Name}: there is no folder {folder}");
        return new OffloadOptions(memory, folder, parsed.GetRequiredValue(_layout));
    }

    /// <summary>Reads the place.</summary>
    /// <param name="parsed">What was given.</param>
    /// <param name="backend">What multiplies.</param>
    /// <exception cref="UserErrorException">It is given, and the backend is no device.</exception>
    public CheckpointPlace BindPlace(ParseResult parsed, string backend)
    {
        if (TraceCommand.Given(parsed, _place.Name) && !Backends.Devices.Contains(backend))
            throw new UserErrorException($"{_place.Name}: the backend {backend} keeps checkpoints in the host's memory; expected --backend {string.Join(" or ", Backends.Devices)} beside it");
        var place = parsed.GetRequiredValue(_place);
        return Enum.GetValues<CheckpointPlace>().First(known => OffloadOptions.NameOf(known) == place);
    }
}
