using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;

namespace Drift.Bench;

/// <summary>What all workers of a campaign share: the weights, once in fp32 and once in INT8, the cells, and the clean runs that trials start from.</summary>
internal sealed class CampaignLab : IDisposable
{
    private const int DigestDigits = 16;
    private readonly IGemmBackend _backend;
    private readonly QuantisedLayers _layers;
    private readonly RowMemory _memory = new();
    private readonly (CellSettings Settings, Platform Platform)[] _cells;
    private readonly Subject[] _subjects;
    private readonly ConcurrentDictionary<int, Lazy<Conditioning>> _told = [];
    private readonly ConcurrentDictionary<CleanRun, Lazy<Trajectory>> _clean = [];
    private readonly OutputForm _outputs;
    private readonly string _hash;

    /// <summary>Opens what a plan needs.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="model">Its model.</param>
    /// <param name="pipeline">The model, read.</param>
    /// <param name="backend">What computes the INT8 products, one thread each.</param>
    /// <exception cref="OperatingPointException">A voltage of the plan is not one of its error model's.</exception>
    public CampaignLab(CampaignPlan plan, ModelFolder model, DiffusionPipeline pipeline, string backend)
    {
        (Plan, Model, Pipeline, _hash) = (plan, model, pipeline, plan.Hash());
        var costs = Lab.PaperCosts();
        _cells = [.. Enumerable.Range(0, plan.Cells).Select(cell => CellSettings.Of(plan, cell)).Select(settings => (settings, settings.Platform(costs)))];
        _subjects = [.. plan.Subjects.Select(name => CampaignSubjects.Of(model, name))];
        _outputs = plan.Outputs == "wide" ? OutputForm.Wide : OutputForm.Saturating;
        Settings = model.Defaults.Sampling(plan.Steps, plan.Guidance);
        _backend = Backends.Open(backend, 1);
        _layers = new QuantisedLayers(_backend, pipeline.Kind.Scales);
    }

    /// <summary>The campaign.</summary>
    public CampaignPlan Plan { get; }

    /// <summary>Its model.</summary>
    public ModelFolder Model { get; }

    /// <summary>The model, read.</summary>
    public DiffusionPipeline Pipeline { get; }

    /// <summary>How pictures are sampled.</summary>
    public SamplingSettings Settings { get; }

    /// <summary>The clean run that a trial is held against, computed on first use.</summary>
    public Trajectory Clean(int cell, int trial, TrialWorker worker, CancellationToken cancellation) => _clean.GetOrAdd(CleanRunOf(cell, trial), key => new Lazy<Trajectory>(() =>
    {
        var settings = _cells[cell].Settings;
        var request = Request(settings, trial);
        using var run = new PictureRun(request);
        using var unit = Open(settings, settings.Clean(Pipeline.Kind, _outputs), _cells[cell].Platform, run, null);
        return Trajectory.Record(Pipeline, request, Told(key.Subject, worker), Settings, unit, worker.Workspace, cancellation);
    })).Value;

    /// <summary>Which clean run a trial is held against.</summary>
    public CleanRun CleanRunOf(int cell, int trial)
    {
        var settings = _cells[cell].Settings;
        return new CleanRun(Request(settings, trial).Seed, SubjectOf(settings, trial), settings.CoversMore(Pipeline.Kind) ? Plan.ValueOf(cell, Axes.Role)! : "");
    }

    /// <summary>Steps that a trial computes at most.</summary>
    public int StepsOf(int cell) => Plan.Steps - _cells[cell].Settings.FirstStep(_cells[cell].Settings.Strategy(Pipeline.Kind, _outputs).Protection);

    /// <summary>Forgets a clean run.</summary>
    public void Drop(CleanRun run) => _clean.TryRemove(run, out _);

    /// <summary>Draws a trial and measures it.</summary>
    /// <param name="cell">The cell, 0 first.</param>
    /// <param name="trial">The trial, 0 first.</param>
    /// <param name="worker">The thread at work.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <param name="watch">Told of every guarded product; null for nobody.</param>
    /// <param name="whole">Draws all steps, in place of those that differ from the clean run's.</param>
    public (TrialRow Row, Tensor Image) Run(int cell, int trial, TrialWorker worker, CancellationToken cancellation, Action<GuardedProduct>? watch = null, bool whole = false)
    {
        var clean = Clean(cell, trial, worker, cancellation);
        var clock = Stopwatch.StartNew();
        var (settings, platform) = _cells[cell];
        var strategy = settings.Strategy(Pipeline.Kind, _outputs);
        using var run = new PictureRun(Request(settings, trial)) { FaultSeed = Plan.Seed + (ulong)trial };
        using var unit = Open(settings, strategy, platform, run, watch);
        // A latent that is shifted is that of the clean run up to there: there is no earlier step to start from.
        var first = whole && settings.Shift is null ? 0 : settings.FirstStep(strategy.Protection);
        var (image, latents, steps) = clean.Draw(first, whole ? Plan.Steps : settings.LastStep(Plan.Steps), unit, worker.Workspace, settings.Disturb(run.FaultSeed), cancellation);
        var metrics = worker.Measure(new DrawnPicture(run.Request, image, run.Ledger), clean.Image, latents, clean.LatentsAt(Plan.Steps));
        return (new TrialRow(_hash, cell, trial, run.Request.Seed, run.FaultSeed, run.Ledger.FaultsInjected, run.Ledger.LinesFlagged, run.Ledger.ElementsMended, run.Ledger.MissedLarge,
            steps, metrics, Digest(image), Math.Round(clock.Elapsed.TotalMilliseconds, 2)), image);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _layers.Dispose();
        _backend.Dispose();
    }

    private static string Digest(Tensor image) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(image.Span)))[..DigestDigits];

    /// <summary>A memory of rows holds those of clean embeddings, so a cell that hits embeddings has none.</summary>
    private GuardedGemm Open(CellSettings settings, Strategy strategy, Platform platform, PictureRun run, Action<GuardedProduct>? watch) =>
        new(platform, strategy, _layers, [run], settings.CoversMore(Pipeline.Kind) ? null : _memory) { Watch = watch };

    private PictureRequest Request(CellSettings settings, int trial) => new(settings.Seed ?? Plan.Seed + (ulong)trial, _subjects[SubjectOf(settings, trial)]);

    private int SubjectOf(CellSettings settings, int trial) => settings.Subject ?? (settings.Seed is null ? trial % _subjects.Length : 0);

    private Conditioning Told(int subject, TrialWorker worker) => _told.GetOrAdd(subject, key => new Lazy<Conditioning>(() =>
        Pipeline.Conditioner.Condition([new PictureRequest(0, _subjects[key])], Settings, new FloatUnit(), worker.Workspace))).Value;
}

/// <summary>A clean run: what decides its bits within a campaign.</summary>
/// <param name="Seed">Seed of the picture.</param>
/// <param name="Subject">What it shows.</param>
/// <param name="Roles">Roles covered beyond the model's own; empty for none.</param>
internal readonly record struct CleanRun(ulong Seed, int Subject, string Roles);
