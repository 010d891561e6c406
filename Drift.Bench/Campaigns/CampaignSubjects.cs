using Drift.Models;

namespace Drift.Bench;

/// <summary>What pictures show, as a plan names it: a class by its name, or a prompt.</summary>
internal static class CampaignSubjects
{
    /// <summary>A subject's name.</summary>
    public static string NameOf(ModelFolder model, Subject subject) => subject switch
    {
        ClassSubject { Label: var label } => model.Labels[label],
        PromptSubject { NegativePrompt.Length: > 0 } prompt => $"{prompt.Prompt}\nwithout {prompt.NegativePrompt}",
        PromptSubject prompt => prompt.Prompt,
        _ => throw new InvalidOperationException($"{subject} has no name"),
    };

    /// <summary>The subject of a name.</summary>
    /// <exception cref="UserErrorException">The model has no such class: a plan can be edited.</exception>
    public static Subject Of(ModelFolder model, string name)
    {
        if (!model.Kind.TakesPrompts)
        {
            return model.Labels.ToList().IndexOf(name) is var label and >= 0 ? new ClassSubject(label)
                : throw new UserErrorException($"{CampaignFolder.PlanFile}: {model.Name} has no class '{name}'; expected some of {string.Join(", ", model.Labels)}");
        }

        var parts = name.Split("\nwithout ", 2);
        return new PromptSubject(parts[0], parts.Length > 1 ? parts[1] : "");
    }
}
