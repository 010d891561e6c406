using System.CommandLine;

namespace Drift.Bench;

/// <summary><c>drift completion</c>: what a shell evaluates so that Tab completes commands, options and names. It asks <c>drift "[suggest:N]" LINE</c>, so it knows what this build knows.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _drift() {
            local first=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
            local rest=${COMP_LINE#"$first"}
            rest=${rest# }
            COMPREPLY=($(compgen -W "$("$first" "[suggest:$((COMP_POINT - ${#first} - 1))]" "$rest" 2>/dev/null)" -- "$word"))
            # A name that may go on as a path is completed as one too.
            [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
        }
        complete -o filenames -F _drift drift
        """;

    private const string Zsh = """
        #compdef drift
        _drift() {
            local line=${BUFFER#"${words[1]}"} found
            line=${line# }
            found=("${(@f)$("${words[1]}" "[suggest:$((CURSOR - ${#words[1]} - 1))]" "$line" 2>/dev/null)}")
            [[ -n $found[1] ]] && compadd -a found || _files
        }
        if [ "$funcstack[1]" = _drift ]; then _drift "$@"; else compdef _drift drift; fi
        """;

    private const string Pwsh = """
        Register-ArgumentCompleter -Native -CommandName drift -ScriptBlock {
            param($word, $line, $cursor)
            $first = ($line -split ' ')[0]
            $rest = "$line".Substring($first.Length).TrimStart(' ')
            $at = [Math]::Max(0, $cursor - $first.Length - 1)
            & drift "[suggest:$at]" "$rest" | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    private static readonly IReadOnlyDictionary<string, string> Scripts = new Dictionary<string, string> { ["bash"] = Bash, ["zsh"] = Zsh, ["pwsh"] = Pwsh };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("completion", "Print what makes a shell complete drift's commands, options and names");
        var shell = new Argument<string>("SHELL") { Description = $"The shell: {string.Join(", ", Scripts.Keys)}", HelpName = "SHELL" };
        shell.CompletionSources.Add([.. Scripts.Keys]);
        shell.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } name && !Scripts.ContainsKey(name))
                result.AddError($"completion: there is no script for '{name}'; expected one of {string.Join(", ", Scripts.Keys)}");
        });
        command.Arguments.Add(shell);
        command.SetBody((parsed, session) =>
        {
            session.Out.WriteLine(Scripts[parsed.GetRequiredValue(shell)]);
            return ErrorPolicy.Success;
        });
        return command;
    }
}
