using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>A trained model with its pictures: draws them in many ways and says what each way did to them.</summary>
internal sealed class TrainedModel : IDisposable
{
    /// <summary>Pictures and trials that are drawn together: what a stopped run loses at most.</summary>
    private const int Slice = 6, TrialsAtOnce = 8;

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

    /// <summary>A policy file's strategy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="assumed">What a closed loop believes.</param>
    public Strategy Strategy(PolicyFile policy, IErrorRates assumed) => policy.ToStrategy(Name, _lab.Scope, assumed, Kind, () => new RangeProfile());

    /// <summary>The paper's ratio of compute to memory energy for this kind of model.</summary>
    public PaperMix Mix => _lab.Mix;

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

    /// <summary>Draws the pictures in some ways and compares each with the reference's: a few pictures and trials at a time, so that a stopped run loses little.</summary>
    /// <param name="trials">The ways.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <param name="reference">What they are held against; null for <see cref="Nominal"/>.</param>
    /// <param name="journal">Has pictures of before, and takes down those that are drawn; null for none.</param>
    public IReadOnlyList<TrialResult> Draw(IReadOnlyList<Trial> trials, CancellationToken cancellation, Trial? reference = null, ScoreJournal? journal = null)
    {
        var drawing = journal?.Next() ?? 0;
        var scores = trials.Select(_ => new List<PictureScore>()).ToList();
        foreach (var pictures in Enumerable.Range(0, Images).Chunk(Slice))
        {
            var clean = new Lazy<List<Picture>>(() => [.. Pictures([reference ?? Nominal], pictures, cancellation)[0].Select(picture => Picture.From(picture.Image))]);
            foreach (var some in Enumerable.Range(0, trials.Count).Chunk(TrialsAtOnce))
            {
                foreach (var (trial, drawn) in some.Zip(Known(some, pictures) ?? Score(some, pictures, clean.Value)))
                    scores[trial].AddRange(drawn);
            }
        }

        return [.. scores.Select(pictures => new TrialResult(pictures, WeightCost))];

        List<List<PictureScore>>? Known(int[] some, int[] pictures) =>
            journal is not null && some.Select(trial => pictures.Select(picture => journal.Find(drawing, trial, picture)).OfType<PictureScore>().ToList()).ToList() is var known
                && known.TrueForAll(trial => trial.Count == pictures.Length) ? known : null;

        List<List<PictureScore>> Score(int[] some, int[] pictures, List<Picture> clean)
        {
            var drawn = Pictures([.. some.Select(trial => trials[trial])], pictures, cancellation);
            var scored = drawn.Select((way, t) => way.Select((picture, i) => Compare(picture, clean[i]) with { Drawing = drawing, Trial = some[t], Picture = pictures[i] }).ToList()).ToList();
            foreach (var score in scored.SelectMany(trial => trial))
                journal?.Add(score);
            return scored;
        }
    }

    private List<IReadOnlyList<DrawnPicture>> Pictures(IReadOnlyList<Trial> trials, int[] pictures, CancellationToken cancellation)
    {
        var requests = pictures.Select(picture => _lab.Requests[picture]).ToList();
        var drawings = trials.Select(trial => new Drawing(requests, runs => Open(trial, runs))).ToList();
        return [.. new PictureBatch(_lab.Pipeline, _sampling.Threads).Draw(drawings, _sampling.Settings, cancellation).Select(drawing => drawing.Pictures)];
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

    /// <summary>Reading the weights, once a step for the whole batch.</summary>
    private Cost WeightCost => _lab.CostOf([]);

    private PictureScore Compare(DrawnPicture drawn, Picture clean)
    {
        var (picture, ledger) = (Picture.From(drawn.Image), drawn.Ledger);
        return new PictureScore("", 0, 0, 0, Math.Sqrt(Psnr.MeanSquaredError(picture, clean)), _features?.Between(picture, clean),
            _clip?.Between([picture], [((PromptSubject)drawn.Request.Subject).Prompt])[0], ledger.FaultsInjected, ledger.Outcome.Exact, ledger.MissedLarge, ledger.Cost);
    }
}
