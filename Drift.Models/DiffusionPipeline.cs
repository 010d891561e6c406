using Drift.Kernels;

namespace Drift.Models;

/// <summary>
/// A pipeline from a diffusers folder: what to draw becomes conditioning, then noise, then denoiser and sampler step by step under classifier-free guidance, then the
/// decoder. Immutable; one instance serves all threads.
/// </summary>
public sealed class DiffusionPipeline
{
    private DiffusionPipeline(string folder)
    {
        if (!Directory.Exists(folder))
            throw new ModelFormatException($"{folder}: no such folder; expected a pipeline as diffusers saves it");
        var index = ModelConfig.Read(Path.Combine(folder, "model_index.json"));
        Kind = PipelineCatalog.Find(index);
        Autoencoder = AutoencoderKL.Load(Path.Combine(folder, "vae"));
        (Denoiser, Conditioner) = Kind.Open(new PipelineFolder(folder, index, Autoencoder));
        if (Denoiser.OutChannels < Denoiser.LatentShape.Channels)
            throw new ModelFormatException($"{folder}: the denoiser predicts {Denoiser.OutChannels} channels of {Denoiser.LatentShape.Channels}; expected at least as many");
        if (Autoencoder.LatentChannels != Denoiser.LatentShape.Channels)
            throw new ModelFormatException($"{folder}: the vae has {Autoencoder.LatentChannels} latent channels, the denoiser {Denoiser.LatentShape.Channels}; expected the same");
        Sampler = SamplerCatalog.Load(Path.Combine(folder, "scheduler", "scheduler_config.json"));
    }

    /// <summary>What sets it apart from other pipelines.</summary>
    public PipelineKind Kind { get; }

    /// <summary>Tells the denoiser what to draw.</summary>
    public IConditioner Conditioner { get; }

    /// <summary>Predicts the noise.</summary>
    public IDenoiser Denoiser { get; }

    /// <summary>Takes it away.</summary>
    public ISampler Sampler { get; }

    /// <summary>Decodes the last latents.</summary>
    public AutoencoderKL Autoencoder { get; }

    /// <summary>Reads a pipeline.</summary>
    /// <param name="folder">A folder with model_index.json and the parts that it names.</param>
    /// <exception cref="ModelFormatException">The folder is incomplete, damaged or of a pipeline that is not supported.</exception>
    public static DiffusionPipeline Load(string folder) => new(folder);

    /// <summary>The noise that a picture starts from, [channels, height, width]: normal, a function of the picture's seed alone.</summary>
    /// <param name="request">The picture.</param>
    public Tensor Noise(PictureRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (channels, height, width) = Denoiser.LatentShape;
        var noise = new Tensor(channels, height, width);
        GaussianNoise.Fill(request.Seed, noise.Span);
        return noise;
    }

    /// <summary>The loop: noise to latents.</summary>
    /// <param name="latents">[pictures, channels, height, width]: noise of variance 1; overwritten by the last latents.</param>
    /// <param name="conditioning">What to draw, from <see cref="Conditioner"/>.</param>
    /// <param name="settings">Steps and guidance, the conditioning's own.</param>
    /// <param name="gemm">Computes every layer; a picture's conditional and unconditional samples stand together.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="afterStep">Called with each step's index and latents; null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Denoise(Tensor latents, Conditioning conditioning, SamplingSettings settings, IGemmUnit gemm, Workspace workspace,
        Action<int, Tensor>? afterStep = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(settings);
        var run = Sampler.Begin(settings.Steps, latents.Shape[0]);
        Scale(latents, run.InitialSigma);
        for (var index = 0; index < run.Timesteps.Count; index++)
        {
            Advance(run, index, latents, conditioning, settings, gemm, workspace, cancellation);
            afterStep?.Invoke(index, latents);
        }
    }

    /// <summary>The loop from where another run stood: the bits are those of one run from the start, if the layers were computed the same way up to there.</summary>
    /// <param name="from">Where it begins; left as it is.</param>
    /// <param name="conditioning">What to draw, that of the run from which the state is.</param>
    /// <param name="settings">Steps and guidance, those of that run.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="goesOn">Asked before every step, the first included, with the state that it would start from, which is the callee's to keep; false ends the run there. Null for always.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>Where the run ended: behind the last step, or where it was told to.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public RunState Continue(RunState from, Conditioning conditioning, SamplingSettings settings, IGemmUnit gemm, Workspace workspace,
        Func<RunState, bool>? goesOn = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(settings);
        var run = Sampler.Begin(settings.Steps, from.Latents.Shape[0]);
        run.Resume(from.Step, from.Memory);
        var latents = from.Latents.Clone();
        for (var index = from.Step; index < run.Timesteps.Count; index++)
        {
            if (goesOn is not null && new RunState(index, latents.Clone(), run.Memory) is var state && !goesOn(state))
                return state;
            Advance(run, index, latents, conditioning, settings, gemm, workspace, cancellation);
        }

        return new RunState(run.Timesteps.Count, latents, run.Memory);
    }

    /// <summary>Where a run stands before its first step.</summary>
    /// <param name="request">The picture.</param>
    /// <param name="settings">Steps and guidance.</param>
    public RunState Start(PictureRequest request, SamplingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var noise = Noise(request);
        Scale(noise, Sampler.Begin(settings.Steps).InitialSigma);
        return new RunState(0, noise.Reshape([1, .. noise.Shape]), []);
    }

    /// <summary>Pictures [pictures, channels, height, width] in -1..1 from latents.</summary>
    /// <param name="latents">[pictures, channels, height, width].</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <param name="step">Where in the run this happens: the number of sampling steps before it.</param>
    public Tensor Decode(Tensor latents, IGemmUnit gemm, Workspace workspace, int step = 0)
    {
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(workspace);
        var scaled = latents.Clone();
        foreach (ref var value in scaled.Span)
            value = value / (float)Autoencoder.ScalingFactor + (float)Autoencoder.ShiftFactor;
        var pictures = Autoencoder.Decode(scaled, gemm, workspace, step: step);
        foreach (ref var value in pictures.Span)
            value = Math.Clamp(value, -1, 1);
        return pictures;
    }

    private void Advance(ISamplerRun run, int index, Tensor latents, Conditioning conditioning, SamplingSettings settings, IGemmUnit gemm, Workspace workspace,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        cancellation.ThrowIfCancellationRequested();
        using var scope = workspace.Begin();
        var step = new StepContext(index, run.Timesteps[index], workspace);
        var prediction = Predict(latents, 1.0 / run.InputDivisor(index), step, conditioning, settings, gemm);
        run.Step(index, prediction.Span, latents.Span);
    }

    private static void Scale(Tensor latents, double factor)
    {
        if (factor == 1)
            return;
        foreach (ref var value in latents.Span)
            value = (float)(value * factor);
    }

    /// <summary>What the sampler is told: unconditional + guidance x (conditional - unconditional), without learned variances.</summary>
    private Tensor Predict(Tensor latents, double scale, StepContext step, Conditioning conditioning, SamplingSettings settings, IGemmUnit gemm)
    {
        var (pictures, channels, height, width) = (latents.Shape[0], latents.Shape[1], latents.Shape[2], latents.Shape[3]);
        var halves = settings.IsGuided ? 2 : 1;
        var batch = step.Workspace.Rent(pictures * halves, channels, height, width);
        for (var sample = 0; sample < pictures * halves; sample++)
            latents.Slice(sample / halves, 1).Span.CopyTo(batch.Slice(sample, 1).Span);
        Scale(batch, scale);

        var predicted = Denoiser.Predict(batch, step, conditioning, gemm);
        var result = step.Workspace.Rent(pictures, channels, height, width);
        for (var picture = 0; picture < pictures; picture++)
        {
            var target = result.Slice(picture, 1).Span;
            var conditional = predicted.Slice(picture * halves, 1).Span[..target.Length];
            if (!settings.IsGuided)
            {
                conditional.CopyTo(target);
                continue;
            }

            var unconditional = predicted.Slice(picture * halves + 1, 1).Span[..target.Length];
            for (var i = 0; i < target.Length; i++)
                target[i] = unconditional[i] + (float)settings.Guidance * (conditional[i] - unconditional[i]);
        }

        return result;
    }
}

/// <summary>How a picture is sampled.</summary>
/// <param name="Steps">Sampler steps, at least 1.</param>
/// <param name="Guidance">Weight of the subject against no subject; 1 and less is no guidance, as in diffusers' pipelines.</param>
public sealed record SamplingSettings(int Steps, double Guidance)
{
    /// <summary>Tokens that a prompt is cut or padded to; null for as many as the pipeline has.</summary>
    public int? TextTokens { get; init; }

    /// <summary>Whether a weight below 1 mixes both halves too, as the formula has it.</summary>
    public bool GuidesBelowOne { get; init; }

    /// <summary>Whether an unconditional half runs beside the conditional one.</summary>
    public bool IsGuided => GuidesBelowOne ? Guidance != 1 : Guidance > 1;
}
