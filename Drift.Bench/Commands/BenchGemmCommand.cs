using System.CommandLine;
using Drift.Kernels;

namespace Drift.Bench;

/// <summary><c>drift bench gemm</c>, <c>abft</c> and <c>faults</c>: pairs our products with their unprotected form, their clean form and other libraries, in one process run.</summary>
internal static class BenchGemmCommand
{
    /// <summary>How often a disturbed pair is measured.</summary>
    private const int Attempts = 3;

    /// <summary>The command of a contest.</summary>
    public static Command Create(GemmContest contest, string description)
    {
        var name = contest.ToString().ToLowerInvariant();
        var command = new Command(name, description);
        var rivals = new Option<bool>("--rivals") { Description = "Also against ONNX Runtime, OpenBLAS and libtorch, on a device against cuBLAS or CLBlast, where they are installed" };
        var json = Declare.Text("--json", "Also write the results here", "FILE");
        var threads = Declare.Optional("--threads", "Threads of a product; without it, one and then all", 1, 1024);
        var quick = new Option<bool>("--quick") { Description = "Few short rounds: a glance, not a measurement" };
        var types = Declare.Choices("--type", "Types of product, comma-separated; without it, all", contest == GemmContest.Gemm ? [.. GemmKinds.Types, DeviceKinds.HalvesType] : [GemmKinds.Int8.Type, GemmKinds.Float.Type]);
        var layers = Declare.Choices("--layers", "Sets of layers, comma-separated; without it, a few of each type", GemmLayer.Sets.Keys);
        var backend = Declare.Choice("--backend", "Whose products; a device's have their operands there before", Backends.Default, [Backends.Default, .. Backends.Devices]);
        var shape = Declare.Text("--shape", "This shape instead of the layers that are told of", ShapeText.Form);
        foreach (var option in contest == GemmContest.Gemm ? new Option[] { rivals, json, threads, types, layers, quick, shape, backend } : [json, threads, types, layers, quick, shape])
            command.Options.Add(option);
        command.SetBody((parsed, session) =>
        {
            var place = contest == GemmContest.Gemm && parsed.GetValue(backend) is { } given && given != Backends.Default ? given : null;
            if (place is not null && parsed.GetValue(threads) is not null)
                throw new UserErrorException($"--threads: a device runs on what it has; expected --backend {place} without it");
            // Opening it says in one line why an absent device is absent.
            using var device = place is null ? null : Backends.OpenProducts(place);
            if (parsed.GetValue(types) is { } asked && asked.Contains(DeviceKinds.HalvesType) && device is not { MultipliesHalves: true })
                throw new UserErrorException($"--type {DeviceKinds.HalvesType}: multiplied on tensor cores only; expected --backend ilgpu-cuda on an NVIDIA GPU of sm_80 or later");
            // One thread feeds a GPU; what poses as a device on the CPU takes all.
            int[] counts = device is not null ? [device.Cuda is null ? Environment.ProcessorCount : 1] : parsed.GetValue(threads) is { } count ? [count] : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
            var glance = parsed.GetValue(quick);
            var options = new GemmBenchOptions(contest, counts, contest == GemmContest.Gemm && parsed.GetValue(rivals), Settings(glance, device), glance ? 1 : Attempts, device,
                parsed.GetValue(shape) is { } only ? ShapeText.Parse("--shape", only) : null)
            {
                Types = parsed.GetValue(types) ?? [],
                Layers = parsed.GetValue(layers) ?? [],
            };
            return Run(options, parsed.GetValue(json), session);
        });
        return command;
    }

    private static DuelSettings Settings(bool glance, IDeviceProducts? device)
    {
        var settings = glance ? DuelSettings.Quick : device?.Cuda is null ? DuelSettings.Full : DuelSettings.Gpu;
        return device is null ? settings : settings.Queued();
    }

    private static int Run(GemmBenchOptions options, string? json, Session session)
    {
        using var file = json is null ? null : new OutputFile("--json", json);
        foreach (var warning in options.Rivals ? OpenBlasRival.Warnings(Environment.GetEnvironmentVariable) : [])
            session.Error.WriteLine($"drift: {warning}");
        var bench = new GemmBench(options, session.Cancellation);
        try
        {
            bench.Run(session);
        }
        catch (Exception early) when (early is not OperationCanceledException)
        {
            // What was measured before is worth seeing.
            if (bench.Results.Count > 0)
                GemmTable.Print(session.Out, bench.Results, bench.Notes);
            if (early is not DisagreementException)
                throw;
            return ErrorPolicy.Tell(session.Error, early.Message, ErrorPolicy.Failure);
        }

        GemmTable.Print(session.Out, bench.Results, bench.Notes);
        var machine = new Dictionary<string, object?>(MachineRecord.Survey()!)
        {
            ["processor"] = MachineRecord.Processor(),
            ["int8Path"] = Backends.Survey().Single(backend => backend.Name == Backends.Default).Detail,
            ["floatPaths"] = FloatBackend.Survey().ToDictionary(path => path.Type, path => path.Kernel),
            ["device"] = options.Device?.Detail,
            ["driver"] = options.Device?.Cuda is null ? null : NvidiaDriver.Version(),
            ["cuda"] = options.Device?.Cuda?.Version,
            ["cublas"] = options is not { Rivals: true, Device.Cuda: not null } ? null : CuBlasLibrary.Find(Environment.GetEnvironmentVariable, out _)?.Version,
            ["processorsTakenByOthers"] = bench.Taken,
            ["dotnet"] = Environment.Version.ToString(),
        };
        file?.Commit(ResultJson.Write(new GemmReport(machine, bench.Results)));
        return ErrorPolicy.Success;
    }
}
