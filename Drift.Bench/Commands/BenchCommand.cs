using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift bench</c>: times products with BenchmarkDotNet and prints GOP/s, INT8 ones on any backend, or the host's fp32 and bf16 ones; its subcommands compare with other libraries.</summary>
internal static class BenchCommand
{
    private static readonly string[] Types = ["int8", "float"];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("bench", "Time products on this machine, with and without checks, in GOP/s");
        var backend = Declare.Backend("What computes the products");
        var type = Declare.Choice("--type", "INT8 products, or the host's fp32 and bf16 ones", Types[0], Types);
        var quick = new Option<bool>("--quick") { Description = "Three short iterations: a glance, not a measurement" };
        var output = Declare.Text("--out", "Folder for BenchmarkDotNet's reports", "PATH", Path.Combine("results", "bench"));
        command.Options.Add(backend);
        command.Options.Add(type);
        command.Options.Add(quick);
        command.Options.Add(output);
        command.Subcommands.Add(BenchGemmCommand.Create(GemmContest.Gemm, "Time products, protected and not, against other libraries' and on one thread, in turn in one run"));
        command.Subcommands.Add(BenchGemmCommand.Create(GemmContest.Abft, "Time protected against unprotected products, in turn in one run"));
        command.Subcommands.Add(BenchGemmCommand.Create(GemmContest.Faults, "Time products with flips against clean ones, in turn in one run"));
        command.Subcommands.Add(BenchRooflineCommand.Create());
        command.Subcommands.Add(BenchOffloadCommand.Create());
        command.Subcommands.Add(BenchDecodeCommand.Create());
        command.Subcommands.Add(BenchSweepCommand.Create());
        command.Subcommands.Add(BenchContestCommand.Create("conv", "Time convolutions, and against ONNX Runtime's, in turn in one run", ConvolutionContests.All));
        command.Subcommands.Add(BenchContestCommand.Create("attention", "Time attention with and without checks, and against ONNX Runtime's, in turn in one run", AttentionContests.All));
        command.Subcommands.Add(BenchContestCommand.Create("norms", "Time norms and activations, and against ONNX Runtime's, in turn in one run", NormContests.All));
        command.SetBody((parsed, session) =>
        {
            var name = parsed.GetRequiredValue(backend);
            // Opening it says in one line why an absent device is absent; BenchmarkDotNet would bury that in a log.
            Backends.Open(name).Dispose();
            var floats = parsed.GetRequiredValue(type) != Types[0];
            if (floats && name != Backends.Default)
                throw new UserErrorException($"--type {Types[1]}: products of the {Backends.Default}, not of --backend {name}");
            var config = Configuration(parsed.GetValue(quick) ? Job.ShortRun : Job.Default, name, Path.GetFullPath(parsed.GetRequiredValue(output)));
            var summary = floats ? BenchmarkRunner.Run<FloatGemmBenchmarks>(config) : BenchmarkRunner.Run<GemmBenchmarks>(config);
            session.Cancellation.ThrowIfCancellationRequested();
            return summary.Reports.Length > 0 && summary.Reports.All(report => report.Success) ? ErrorPolicy.Success : ErrorPolicy.Failure;
        });
        return command;
    }

    private static ManualConfig Configuration(Job job, string backend, string artifacts) => ManualConfig.CreateEmpty()
        // In this process: a tool that is already built has no project to generate a second one from.
        .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance))
        .AddFilter(new SimpleFilter(benchmark => benchmark.Descriptor.Type != typeof(GemmBenchmarks) || Equals(benchmark.Parameters[nameof(GemmBenchmarks.Backend)], backend)))
        .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Statistics)
        .AddColumn(new GopsColumn())
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(BenchmarkDotNet.Exporters.MarkdownExporter.GitHub, BenchmarkDotNet.Exporters.Csv.CsvExporter.Default)
        .WithArtifactsPath(artifacts);
}
