using System.Collections.Concurrent;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>A finished picture.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Image">[channels, height, width] in -1..1.</param>
/// <param name="Ledger">What happened on the way; empty for a run that nothing guarded.</param>
public sealed record DrawnPicture(PictureRequest Request, Tensor Image, RunLedger Ledger);

/// <summary>
/// Draws many pictures on several threads. Pictures do not depend on each other, so threads take small shards of them: no barriers, activations that stay in the
/// cache, and the same bits for any number of threads and any shard.
/// </summary>
/// <param name="pipeline">Draws them.</param>
/// <param name="threads">Threads at work, at least 1.</param>
public sealed class PictureBatch(DiffusionPipeline pipeline, int threads)
{
    // Two pictures with both guidance halves: 256 rows fill the micro-kernels, and the widest activation of the small networks is half a megabyte.
    private const int ShardPictures = 2;

    /// <summary>Draws.</summary>
    /// <param name="requests">The pictures.</param>
    /// <param name="settings">Steps and guidance.</param>
    /// <param name="open">Opens the unit that computes a shard's layers; disposed after it when it is disposable.</param>
    /// <param name="stepped">Told how many picture-steps were just done; from any thread. Null for nobody.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>In the order of the requests.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<DrawnPicture> Draw(IReadOnlyList<PictureRequest> requests, SamplingSettings settings, Func<IReadOnlyList<PictureRun>, IGemmUnit> open,
        Action<int>? stepped = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(open);
        var drawn = new DrawnPicture[requests.Count];
        var size = Math.Clamp(requests.Count / threads, 1, ShardPictures);
        var shards = (requests.Count + size - 1) / size;
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        try
        {
            // Unbuffered: a thread that is free takes one shard, where chunks would leave one thread waiting for the other.
            var queue = Partitioner.Create(Enumerable.Range(0, shards), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(queue, options, () => new Workspace(), (shard, _, workspace) =>
            {
                var first = shard * size;
                var runs = requests.Skip(first).Take(size).Select(request => new PictureRun(request)).ToList();
                Shard(runs, settings, open, stepped, workspace, drawn.AsSpan(first, runs.Count), cancellation);
                return workspace;
            }, _ => { });
        }
        catch (AggregateException e) when (e.InnerExceptions.Count > 0)
        {
            // One shard's failure is the run's: the first one stands for all.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        return drawn;
    }

    private void Shard(List<PictureRun> runs, SamplingSettings settings, Func<IReadOnlyList<PictureRun>, IGemmUnit> open, Action<int>? stepped,
        Workspace workspace, Span<DrawnPicture> drawn, CancellationToken cancellation)
    {
        var (channels, height, width) = pipeline.Denoiser.LatentShape;
        var latents = new Tensor(runs.Count, channels, height, width);
        for (var i = 0; i < runs.Count; i++)
            pipeline.Noise(runs[i].Request).Span.CopyTo(latents.Slice(i, 1).Span);
        // Text encoder and decoder run unquantised at the nominal point in every row: the paper guards the denoiser.
        var nominal = new FloatUnit();
        var conditioning = pipeline.Conditioner.Condition([.. runs.Select(run => run.Request)], settings, nominal, workspace);
        var unit = open(runs);
        try
        {
            pipeline.Denoise(latents, conditioning, settings, unit, workspace, (_, _) => stepped?.Invoke(runs.Count), cancellation);
        }
        finally
        {
            (unit as IDisposable)?.Dispose();
        }

        var images = pipeline.Decode(latents, nominal, workspace);
        for (var i = 0; i < runs.Count; i++)
            drawn[i] = new DrawnPicture(runs[i].Request, images.Slice(i, 1).Reshape([.. images.Shape.Skip(1)]), runs[i].Ledger);
    }
}
