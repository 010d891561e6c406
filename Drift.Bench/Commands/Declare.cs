using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary>Options whose complaints say the option, what was expected and what was given, in one line.</summary>
internal static class Declare
{
    /// <summary>A number in a closed range.</summary>
    public static Option<T> Number<T>(string name, string help, T standard, T least, T most)
        where T : INumber<T> => new(name)
        {
            Description = WithRange(help, least, most),
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>A number in a closed range that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string help, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = WithRange(help, least, most),
            HelpName = "N",
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>One of some names.</summary>
    public static Option<string> Choice(string name, string help, string standard, IReadOnlyCollection<string> names)
    {
        var option = new Option<string>(name) { Description = $"{help}: {string.Join(", ", names)}", DefaultValueFactory = _ => standard, HelpName = "NAME" };
        option.CompletionSources.Add([.. names]);
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } given && !names.Contains(given))
                result.AddError($"{name}: there is no '{given}'; expected one of {string.Join(", ", names)}");
        });
        return option;
    }

    /// <summary>Some of some names, comma-separated, in the order given.</summary>
    public static Option<string[]> Choices(string name, string help, IEnumerable<string> names)
    {
        List<string> known = [.. names];
        return new Option<string[]>(name)
        {
            Description = $"{help}: {string.Join(", ", known)}",
            HelpName = "NAMES",
            CustomParser = result =>
            {
                string[] given = result.Tokens[0].Value.Split(',');
                if (Array.Find(given, part => !known.Contains(part)) is not { } stray)
                    return given;
                result.AddError($"{name}: there is no '{stray}'; expected some of {string.Join(", ", known)}");
                return [];
            },
            AllowMultipleArgumentsPerToken = false,
            Arity = ArgumentArity.ExactlyOne,
        };
    }

    /// <summary>A backend's name.</summary>
    public static Option<string> Backend(string help)
    {
        var option = Choice("--backend", help, Backends.Default, [.. Backends.Names]);
        option.Validators.Add(result =>
        {
            var names = HostBackend.InstructionPaths.Select(path => path.Name).ToList();
            if (result.GetValueOrDefault<string>() == Backends.Default && Environment.GetEnvironmentVariable(InstructionSet.Variable) is { } forced && !names.Contains(forced))
                result.AddError($"{InstructionSet.Variable}: there is no instruction path '{forced}'; expected one of {string.Join(", ", names)}");
        });
        return option;
    }

    /// <summary>A model: a shipped one's name, or a folder.</summary>
    public static Option<string> Model()
    {
        var option = Text("--model", "Shipped model's name, or a diffusers folder", "NAME|PATH", "dit-fashion");
        option.CompletionSources.Add(_ => ModelFolder.Shipped());
        return option;
    }

    /// <summary>Any text but none.</summary>
    public static Option<string> Text(string name, string help, string form, string standard)
    {
        var option = new Option<string>(name) { Description = help, HelpName = form, DefaultValueFactory = _ => standard };
        option.Validators.Add(result => RefuseNothing(result, name, form));
        return option;
    }

    /// <summary>A path, or any text but none, that may be left out.</summary>
    public static Option<string?> Text(string name, string help, string form)
    {
        var option = new Option<string?>(name) { Description = help, HelpName = form };
        option.Validators.Add(result => RefuseNothing(result, name, form));
        return option;
    }

    /// <summary>Texts, also empty ones, one each time that the option is given.</summary>
    public static Option<string[]> Texts(string name, string help, string form)
    {
        var option = new Option<string[]>(name) { Description = help, HelpName = form, DefaultValueFactory = _ => [] };
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal)) is { } taken)
                result.AddError($"{name}: expected {form}, got '{taken.Value}'");
        });
        return option;
    }

    /// <summary>A path that must be given by name.</summary>
    public static Option<string> Required(string name, string help, string form)
    {
        var option = new Option<string>(name) { Description = help, HelpName = form, Required = true };
        option.Validators.Add(result => RefuseNothing(result, name, form));
        return option;
    }

    /// <summary>A path that must be given.</summary>
    public static Argument<string> Path(string name, string help)
    {
        var argument = new Argument<string>(name) { Description = help };
        argument.Validators.Add(result => RefuseNothing(result, name, "a path"));
        return argument;
    }

    /// <summary>An option without its value would take the next option's name for it.</summary>
    private static void RefuseNothing(SymbolResult result, string name, string form)
    {
        if (result.Tokens is [{ Value: var given }] && (string.IsNullOrWhiteSpace(given) || given.StartsWith("--", StringComparison.Ordinal)))
            result.AddError($"{name}: expected {form}, got '{given}'");
    }

    private static string WithRange<T>(string help, T least, T most)
        where T : INumber<T> => string.Create(CultureInfo.InvariantCulture, $"{help}; {least}..{most}");

    private static T? Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : INumber<T>
    {
        var given = result.Tokens[0].Value;
        if (T.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        result.AddError($"{name}: expected a number from {least} to {most}, got '{given}'");
        return default;
    }
}
