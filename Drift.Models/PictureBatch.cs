using System.Collections.Concurrent;
using System.Diagnostics;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>A finished picture.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Image">[channels, height, width] in -1..1.</param>
/// <param name="Ledger">What happened on the way; empty for a run that nothing guarded.</param>
public sealed record DrawnPicture(PictureRequest Request, Tensor Image, RunLedger Ledger);

/// <summary>Pictures that are drawn one way.</summary>
/// <param name="Requests">The pictures.</param>
/// <param name="Open">Opens the unit that computes a picture's layers; disposed after it when it is disposable.</param>
/// <param name="Stepped">Told how many picture-steps were just done; from any thread. Null for nobody.</param>
public sealed record Drawing(IReadOnlyList<PictureRequest> Requests, Func<IReadOnlyList<PictureRun>, IGemmUnit> Open, Action<int>? Stepped = null)
{
    /// <summary>Begins a picture: gives it the memory of its checkpoints, and perhaps a trace. From any thread.</summary>
    public Func<PictureRequest, PictureRun> Begin { get; init; } = request => new PictureRun(request);

    /// <summary>Opens the unit that computes a picture's text encoder, disposed like the denoiser's; null for fp32, worked out once for all pictures of one text.</summary>
    public Func<IReadOnlyList<PictureRun>, IGemmUnit>? OpenTextEncoder { get; init; }

    /// <summary>Opens the unit that computes a picture's decoder, disposed like the denoiser's; null for fp32.</summary>
    public Func<IReadOnlyList<PictureRun>, IGemmUnit>? OpenDecoder { get; init; }
}

/// <summary>A drawing's pictures.</summary>
/// <param name="Pictures">In the order of the requests.</param>
/// <param name="Finished">Seconds from the start of the whole call to the last of them.</param>
public sealed record FinishedDrawing(IReadOnlyList<DrawnPicture> Pictures, double Finished);

/// <summary>
/// Draws many pictures on several threads. Pictures do not depend on each other, so a thread takes one at a time: no barriers, activations that stay in the
/// cache, and the same bits for any number of threads. One picture with both guidance halves has rows enough to fill the micro-kernels.
/// </summary>
/// <param name="pipeline">Draws them.</param>
/// <param name="threads">Threads at work, at least 1.</param>
/// <param name="device">Keeps activations between layers; null for the host.</param>
public sealed class PictureBatch(DiffusionPipeline pipeline, int threads, ITensorDevice? device = null)
{
    /// <summary>Draws one way.</summary>
    /// <param name="drawing">The pictures.</param>
    /// <param name="settings">Steps and guidance.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>In the order of the requests.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<DrawnPicture> Draw(Drawing drawing, SamplingSettings settings, CancellationToken cancellation = default) =>
        Draw([drawing], settings, cancellation)[0].Pictures;

    /// <summary>Draws many ways, one after the other; a thread that has no more to do for one goes on with the next.</summary>
    /// <param name="drawings">What is drawn, in this order.</param>
    /// <param name="settings">Steps and guidance.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>In the order of the drawings.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<FinishedDrawing> Draw(IReadOnlyList<Drawing> drawings, SamplingSettings settings, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(drawings);
        ArgumentNullException.ThrowIfNull(settings);
        var clock = Stopwatch.StartNew();
        var drawn = drawings.Select(drawing => new DrawnPicture[drawing.Requests.Count]).ToList();
        var finished = new double[drawings.Count];
        // What a subject means to the denoiser is worked out once for all drawings and seeds.
        var told = new ConcurrentDictionary<Subject, Lazy<Conditioning>>();
        var tasks = drawings.SelectMany((drawing, d) => Enumerable.Range(0, drawing.Requests.Count).Select(picture => (Drawing: d, Picture: picture)));
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        try
        {
            // Unbuffered: a thread that is free takes one picture, where chunks would leave one thread waiting for the other.
            var queue = Partitioner.Create(tasks, EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(queue, options, () => device?.OpenWorkspace() ?? new Workspace(), (task, _, workspace) =>
            {
                var drawing = drawings[task.Drawing];
                var request = drawing.Requests[task.Picture];
                // Text encoder and decoder run unquantised at the nominal point where nobody says otherwise: the paper guards the denoiser.
                Conditioning Condition(IGemmUnit unit) => pipeline.Conditioner.Condition([request], settings, unit, workspace);
                using var run = drawing.Begin(request);
                var conditioning = drawing.OpenTextEncoder is { } open ? With(open([run]), Condition)
                    : told.GetOrAdd(request.Subject, _ => new Lazy<Conditioning>(() => Condition(new FloatUnit()))).Value;
                drawn[task.Drawing][task.Picture] = Draw(drawing, run, conditioning, settings, workspace, cancellation);
                lock (finished)
                    finished[task.Drawing] = clock.Elapsed.TotalSeconds;
                return workspace;
            }, workspace => workspace.Release());
        }
        catch (AggregateException e) when (e.InnerExceptions.Count > 0)
        {
            // One picture's failure is the run's: the first one stands for all.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        return [.. drawn.Zip(finished, (pictures, at) => new FinishedDrawing(pictures, at))];
    }

    private DrawnPicture Draw(Drawing drawing, PictureRun run, Conditioning conditioning, SamplingSettings settings, Workspace workspace,
        CancellationToken cancellation)
    {
        var (channels, height, width) = pipeline.Denoiser.LatentShape;
        var latents = pipeline.Noise(run.Request).Reshape(1, channels, height, width);
        With(drawing.Open([run]), unit =>
        {
            pipeline.Denoise(latents, conditioning, settings, unit, workspace, (_, _) => drawing.Stepped?.Invoke(1), cancellation);
            return latents;
        });
        var image = With(drawing.OpenDecoder?.Invoke([run]) ?? new FloatUnit(), unit => pipeline.Decode(latents, unit, workspace, settings.Steps));
        return new DrawnPicture(run.Request, image.Reshape([.. image.Shape.Skip(1)]), run.Ledger);
    }

    private static T With<T>(IGemmUnit unit, Func<IGemmUnit, T> work)
    {
        try
        {
            return work(unit);
        }
        finally
        {
            (unit as IDisposable)?.Dispose();
        }
    }
}
