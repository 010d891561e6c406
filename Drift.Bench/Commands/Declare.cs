using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Drift.Bench;

/// <summary>Options whose complaints say the option, what was expected and what was given, in one line.</summary>
internal static class Declare
{
    /// <summary>A number in a closed range.</summary>
    public static Option<T> Number<T>(string name, string help, T standard, T least, T most)
        where T : INumber<T> => new(name)
        {
            Description = help,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>A number in a closed range that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string help, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = help,
            HelpName = "N",
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>One of some names.</summary>
    public static Option<string> Choice(string name, string help, string standard, IReadOnlyCollection<string> names)
    {
        var option = new Option<string>(name) { Description = $"{help}: {string.Join(", ", names)}", DefaultValueFactory = _ => standard, HelpName = "NAME" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !names.Contains(given))
                result.AddError($"{name}: there is no '{given}'; expected one of {string.Join(", ", names)}");
        });
        return option;
    }

    /// <summary>Any text.</summary>
    public static Option<string> Text(string name, string help, string form, string standard) =>
        new(name) { Description = help, HelpName = form, DefaultValueFactory = _ => standard };

    /// <summary>A path, or any text, that may be left out.</summary>
    public static Option<string?> Text(string name, string help, string form) => new(name) { Description = help, HelpName = form };

    private static T? Parse<T>(System.CommandLine.Parsing.ArgumentResult result, string name, T least, T most)
        where T : INumber<T>
    {
        var given = result.Tokens[0].Value;
        if (T.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        result.AddError($"{name}: expected a number from {least} to {most}, got '{given}'");
        return default;
    }
}
