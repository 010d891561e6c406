using System.CommandLine;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary><c>drift quantise-report</c>: what INT8 costs each layer by itself.</summary>
internal static class QuantiseReportCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("quantise-report", "Draw in fp32 and say of each layer how far INT8 would be from it: signal to noise, the worst first");
        var arguments = new SamplingArguments("--out", "--profile");
        arguments.AddTo(command);
        var json = Declare.Text("--json", "Also write the table here", "FILE");
        command.Options.Add(json);
        command.SetBody((parsed, session) =>
        {
            using var file = parsed.GetValue(json) is { } target ? new OutputFile("--json", target) : null;
            var result = Run(arguments.Bind(parsed), session);
            QuantisationTable.Print(session.Out, result);
            file?.Commit(ResultJson.Write(result));
            return ErrorPolicy.Success;
        });
        return command;
    }

    /// <summary>Probes every picture, one after the other, and sums over them.</summary>
    private static QuantisationResult Run(SamplingOptions sampling, Session session)
    {
        using var lab = Lab.Open(sampling);
        var (pipeline, workspace, covers) = (lab.Pipeline, new Workspace(), sampling.Layers);
        var errors = new Dictionary<LayerKey, QuantisationError>();
        void Take(Action<IGemmUnit> run, PictureRequest request, Func<LayerKey, bool> some)
        {
            using var probe = new QuantisationProbe(lab.Platform, lab.Layers, request, some);
            run(probe);
            foreach (var error in probe.Errors)
            {
                errors[error.Layer] = errors.TryGetValue(error.Layer, out var sum)
                    ? sum with { Signal = sum.Signal + error.Signal, Noise = sum.Noise + error.Noise, SaturatedNoise = sum.SaturatedNoise + error.SaturatedNoise } : error;
            }
        }

        foreach (var request in lab.Requests)
        {
            Conditioning? conditioning = null;
            Take(unit => conditioning = pipeline.Conditioner.Condition([request], sampling.Settings, unit, workspace), request, _ => covers.TextEncoder);
            var (channels, height, width) = pipeline.Denoiser.LatentShape;
            var latents = pipeline.Noise(request).Reshape(1, channels, height, width);
            Take(unit => pipeline.Denoise(latents, conditioning!, sampling.Settings, unit, workspace, null, session.Cancellation), request, covers.Covers);
            if (covers.Autoencoder)
                Take(unit => pipeline.Decode(latents, unit, workspace, sampling.Steps), request, _ => true);
        }

        return new QuantisationResult(sampling.Model.Name, pipeline.Kind.Scales, QuantisationRow.Of(errors.Values));
    }
}
