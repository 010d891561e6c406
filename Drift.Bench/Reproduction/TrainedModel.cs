using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A trained model with its pictures: draws them in many ways and says what each way did to them.</summary>
internal sealed class TrainedModel : IDisposable
{
    private readonly SamplingOptions _sampling;
    private readonly Lab _lab;
    private readonly FeatureNetwork? _features;
    private readonly ClipScore? _clip;

    /// <summary>Opens a model.</summary>
    /// <param name="sampling">What is drawn.</param>
    public TrainedModel(SamplingOptions sampling)
    {
        (_sampling, _lab) = (sampling, Lab.Open(sampling));
        _features = _lab.Judge is null ? null : FeatureNetwork.Load(null);
        _clip = sampling.Model.Defaults.Clip is { } folder ? ClipScore.Load(folder) : null;
        Nominal = new Trial(Strategy(() => new UniformPolicy(OperatingPoint.Nominal), null), new ErrorModel(new FixedRate(0)));
    }

    /// <summary>The model's name.</summary>
    public string Name => _sampling.Model.Name;

    /// <summary>Its kind.</summary>
    public PipelineKind Kind => _sampling.Model.Kind;

    /// <summary>Number of its pictures.</summary>
    public int Images => _sampling.Images;

    /// <summary>Sampling steps.</summary>
    public int Steps => _sampling.Steps;

    /// <summary>Blocks of its denoiser.</summary>
    public int Blocks => 1 + _lab.Pipeline.Denoiser.Layers.Where(layer => Kind.Guards(layer.Key)).Max(layer => layer.Key.Block);

    /// <summary>INT8 at the nominal point: what the others are held against.</summary>
    public Trial Nominal { get; }

    /// <summary>A strategy over the layers that the authors guard.</summary>
    /// <param name="policy">Opens the policy of a picture.</param>
    /// <param name="protection">Checks and recovery, or null.</param>
    public Strategy Strategy(Func<IOperatingPolicy> policy, Protection? protection) => new(policy, OutputForm.Saturating, protection) { Covers = Kind.Guards };

    /// <summary>The paper's schedule for this kind of model.</summary>
    /// <param name="point">The point of the steps that are not safe.</param>
    public DriftPolicy Schedule(OperatingPoint point) => new(point, Kind.Schedule.SafeSteps, Kind.Schedule.SafeLastSteps, Steps);

    /// <summary>A protection of the catalogue.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tile">Edge of a checksum tile.</param>
    /// <param name="threshold">Least deviation of a line that flags it.</param>
    /// <param name="interval">Steps between checkpoints; null for the kind's.</param>
    public Protection? Protect(string name, int tile = 32, int threshold = ThresholdRule.PaperThreshold, int? interval = null) =>
        ProtectionCatalog.Open(name, new ProtectionSettings(tile, threshold, interval ?? Kind.Schedule.Interval, new RangeProfile()));

    /// <summary>Draws the pictures in some ways and compares each with the reference's.</summary>
    /// <param name="trials">The ways.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <param name="reference">What they are held against; null for <see cref="Nominal"/>.</param>
    public IReadOnlyList<TrialResult> Draw(IReadOnlyList<Trial> trials, CancellationToken cancellation, Trial? reference = null)
    {
        var drawings = trials.Prepend(reference ?? Nominal).Select(trial => new Drawing(_lab.Requests, runs => Open(trial, runs))).ToList();
        var drawn = new PictureBatch(_lab.Pipeline, _sampling.Threads).Draw(drawings, _sampling.Settings, cancellation).Select(drawing => drawing.Pictures).ToList();
        var clean = Pictures(drawn[0]);
        return [.. drawn.Skip(1).Select(pictures => Compare(pictures, clean))];
    }

    /// <summary>Walks the clean run of a picture, INT8 at the nominal point.</summary>
    /// <param name="picture">Picture, 0 first.</param>
    /// <param name="disturb">Given each step and its latents, which it may change; null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public LatentWalk Walk(int picture, Action<int, Tensor>? disturb, CancellationToken cancellation) => LatentWalk.Of(_lab.Pipeline, _lab.Requests[picture], _sampling.Settings,
        watch => new GuardedGemm(new Platform(Nominal.Errors, _lab.Platform.Costs), Nominal.Strategy, _lab.Layers, [new PictureRun(_lab.Requests[picture])], _lab.MemoryFor(Nominal.Strategy)) { Watch = watch }, disturb, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _lab.Dispose();

    private IGemmUnit Open(Trial trial, IReadOnlyList<PictureRun> runs)
    {
        var unit = new GuardedGemm(new Platform(trial.Errors, _lab.Platform.Costs), trial.Strategy, _lab.Layers, runs, _lab.MemoryFor(trial.Strategy));
        return trial.Cache is { } cache ? new ForecastUnit(unit, cache) : unit;
    }

    private TrialResult Compare(IReadOnlyList<DrawnPicture> drawn, IReadOnlyList<Picture> clean)
    {
        var pictures = Pictures(drawn);
        return new TrialResult(
            [.. pictures.Zip(clean, (a, b) => Math.Sqrt(Psnr.MeanSquaredError(a, b)))],
            _features is { } network ? [.. pictures.Zip(clean, network.Between)] : null,
            _clip?.Between(pictures, [.. drawn.Select(picture => ((PromptSubject)picture.Request.Subject).Prompt)]),
            drawn.Select(picture => picture.Ledger).Aggregate((a, b) => a + b),
            _lab.CostOf(drawn));
    }

    private static List<Picture> Pictures(IEnumerable<DrawnPicture> drawn) => [.. drawn.Select(picture => Picture.From(picture.Image))];
}
