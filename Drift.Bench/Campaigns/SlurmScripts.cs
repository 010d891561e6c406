namespace Drift.Bench;

/// <summary>The scripts of a campaign on a Slurm cluster: an array with a shard of the cells a task, and the merge after it.</summary>
internal static class SlurmScripts
{
    /// <summary>Writes array.sh and merge.sh into a campaign's folder.</summary>
    /// <param name="folder">The folder, on a disk that all nodes see.</param>
    /// <param name="tasks">Tasks of the array.</param>
    /// <param name="threads">Threads of a task.</param>
    public static void Write(CampaignFolder folder, int tasks, int threads)
    {
        var (drift, at) = (Quoted(Environment.ProcessPath ?? "drift", typeof(SlurmScripts).Assembly.Location), Quoted(Path.GetFullPath(folder.Path)));
        folder.Write("array.sh", Text($"""
            #!/usr/bin/env bash
            # sbatch array.sh: {tasks} disjoint shards. A task that is requeued goes on where its journal ends.
            #SBATCH --job-name=drift-sweep
            #SBATCH --array=0-{tasks - 1}
            #SBATCH --cpus-per-task={threads}
            #SBATCH --requeue
            #SBATCH --open-mode=append
            at={at}
            exec {drift} sweep --plan "$at/plan.json" --shard "$SLURM_ARRAY_TASK_ID/{tasks}" --threads {threads} --out "$at/shard-$SLURM_ARRAY_TASK_ID"

            """));
        folder.Write("merge.sh", Text($"""
            #!/usr/bin/env bash
            # After the array: all trials into one journal, then the results. May run any number of times; what a lost shard still lacks is drawn here.
            at={at}
            exec {drift} sweep --plan "$at/plan.json" --merge "$(printf '%s,' "$at"/shard-*/ | sed 's/,$//')" --threads {threads} --out "$at"

            """));
    }

    /// <summary>The program as it was started: by itself, or by dotnet.</summary>
    private static string Quoted(string program, string library) =>
        Path.GetFileNameWithoutExtension(program) == "dotnet" ? $"{Quoted(program)} {Quoted(library)}" : Quoted(program);

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));
}
