using System.CommandLine;
using System.Globalization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The options that say what to draw: classes for one kind of model, prompts for the other.</summary>
internal sealed class SubjectArguments
{
    private readonly Option<string?> _classes =
        Declare.Text("--classes", "Names or numbers, separated by commas, or all; pictures take them in turn [default: all]", "LIST");
    private readonly Option<string[]> _prompts = Declare.Texts("--prompt", "What to draw; may be given more than once, and pictures take them in turn [default: the model's]", "TEXT");
    private readonly Option<string?> _promptFile = Declare.Text("--prompt-file", "A prompt a line, behind those of --prompt; empty lines are skipped", "FILE");
    private readonly Option<string[]> _negative = Declare.Texts("--negative-prompt", "What guidance leads away from [default: nothing]", "TEXT");

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _classes, _prompts, _promptFile, _negative })
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="UserErrorException">A class or file does not exist, an option is for the other kind of model, or there is nothing to draw.</exception>
    public IReadOnlyList<Subject> Bind(ParseResult parsed, ModelFolder model)
    {
        var (classes, prompts, file, negative) = (parsed.GetValue(_classes), parsed.GetValue(_prompts) ?? [], parsed.GetValue(_promptFile), parsed.GetValue(_negative) ?? []);
        if (!model.Kind.TakesPrompts)
        {
            var given = prompts.Length > 0 ? _prompts : file is not null ? _promptFile : negative.Length > 0 ? (Option)_negative : null;
            return given is null ? [.. Classes(model, classes ?? "all").Select(label => new ClassSubject(label))]
                : throw new UserErrorException($"{given.Name}: {model.Name} draws classes, not prompts; expected --classes");
        }

        if (classes is not null)
            throw new UserErrorException($"--classes: {model.Name} draws prompts, not classes; expected --prompt or --prompt-file");
        if (negative.Length > 1)
            throw new UserErrorException($"--negative-prompt: expected one text, got {negative.Length}");
        if (file is not null)
            prompts = [.. prompts, .. Lines(file)];
        if (prompts.Length == 0)
            prompts = [.. model.Defaults.Prompts];
        return prompts.Length > 0
            ? [.. prompts.Select(prompt => new PromptSubject(prompt, negative.FirstOrDefault("")))]
            : throw new UserErrorException($"--prompt: {model.Name} lists no prompts of its own; expected at least one --prompt or --prompt-file");
    }

    private static string[] Lines(string file)
    {
        if (!File.Exists(file))
            throw new UserErrorException($"--prompt-file: there is no file {file}");
        string[] lines = [.. File.ReadAllLines(file).Where(line => !string.IsNullOrWhiteSpace(line))];
        return lines.Length > 0 ? lines : throw new UserErrorException($"--prompt-file: {file} holds no prompt; expected one a line");
    }

    private static int[] Classes(ModelFolder model, string list)
    {
        if (model.Labels.Count == 0)
            throw new UserErrorException($"--model: {model.Path} has no classes (no id2label in model_index.json); expected a class-conditional model");
        if (list == "all")
            return [.. Enumerable.Range(0, model.Labels.Count)];
        return [.. list.Split(',', StringSplitOptions.TrimEntries).Select(name => Class(model, name))];
    }

    private static int Class(ModelFolder model, string name)
    {
        for (var i = 0; i < model.Labels.Count; i++)
        {
            if (name == model.Labels[i] || name == i.ToString(CultureInfo.InvariantCulture))
                return i;
        }

        throw new UserErrorException(
            $"--classes: {model.Name} has no class '{name}'; there are {string.Join(", ", model.Labels.Select((label, i) => $"{i} {label}"))}");
    }
}
