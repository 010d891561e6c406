using System.Globalization;
using Tomlyn;
using Tomlyn.Model;

namespace Drift.Bench;

/// <summary>A plan as a TOML file: the options of <c>sweep</c> by their names, and a table of axes.</summary>
internal static class PlanFile
{
    private const string AxesTable = "axes";
    private static readonly string[] Settings = ["model", "metric", "ci", "trials", "floor", "ceiling", "bound", "sampling-steps", "guidance", "seed", "outputs", "classes", "prompts", "outliers"];

    /// <summary>Reads a file as the arguments that say the same on the command line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException">There is no such file, it is no TOML, or it names something that is not there.</exception>
    public static string[] ToArguments(string path)
    {
        if (!File.Exists(path))
            throw new UserErrorException($"--plan: there is no file {path}");
        TomlTable table;
        try
        {
            table = TomlSerializer.Deserialize<TomlTable>(File.ReadAllText(path)) ?? [];
        }
        catch (TomlException exception)
        {
            throw new UserErrorException($"{path}: {exception.Message}", exception);
        }

        if (table.Keys.FirstOrDefault(key => key != AxesTable && !Settings.Contains(key)) is { } unknown)
            throw new UserErrorException($"{path}: there is no setting '{unknown}'; expected some of {string.Join(", ", Settings)}, and a table [{AxesTable}]");
        var arguments = table.Where(pair => pair.Key != AxesTable).SelectMany(pair => Setting(path, pair.Key, pair.Value)).ToList();
        if (!table.TryGetValue(AxesTable, out var found))
            return [.. arguments];
        if (found is not TomlTable axes)
            throw new UserErrorException($"{path}: {AxesTable} is no table; expected [{AxesTable}] with a list an axis");
        if (axes.Keys.FirstOrDefault(name => !Axes.Names.Contains(name)) is { } axis)
            throw new UserErrorException($"{path}: there is no axis '{axis}'; expected some of {string.Join(", ", Axes.Names)}");
        return [.. arguments, "--over", string.Join(',', axes.Keys), .. axes.Where(pair => pair.Value is not "all").SelectMany(pair => (string[])[Option(path, pair.Key), List(path, pair.Key, pair.Value)])];
    }

    private static IEnumerable<string> Setting(string path, string name, object value) => name == "prompts" && value is TomlArray prompts
        ? prompts.SelectMany(prompt => (string[])["--prompt", Text(path, name, prompt)])
        : [$"--{name}", List(path, name, value)];

    private static string Option(string path, string axis) => axis == Axes.Subject ? throw new UserErrorException($"{path}: the values of the axis {axis} are those of classes or prompts; expected {axis} = \"all\"") : $"--{axis}s";

    private static string List(string path, string name, object value) => value is TomlArray array ? string.Join(',', array.Select(item => Text(path, name, item))) : Text(path, name, value);

    private static string Text(string path, string name, object? value) => value switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => throw new UserErrorException($"{path}: {name} is a {value?.GetType().Name}; expected numbers or texts, alone or in a list"),
    };
}
