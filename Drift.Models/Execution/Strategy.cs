using Drift.Abft;
using Drift.Dvfs;
using Drift.Kernels;

namespace Drift.Models;

/// <summary>How outputs leave the INT32 accumulator.</summary>
public enum OutputForm
{
    /// <summary>Requantised to INT8 with the clean output's scale, so that a flipped bit costs at most one full-scale value (the paper's rule).</summary>
    Saturating,

    /// <summary>Dequantised to fp32, clamped to +-60000: nothing saturates (what most W8A8 engines do).</summary>
    Wide,
}

/// <summary>Checksums and what is done about what they find.</summary>
/// <param name="Tile">Edge of a checksum tile, 1..256; 0 for no sums.</param>
/// <param name="Rule">Decides which lines are wrong; null where a corrector does, or nothing.</param>
/// <param name="Recovery">Mends them; null where nothing needs it.</param>
/// <param name="Interval">When checkpoints are saved; null for never.</param>
/// <param name="Threshold">Smallest deviation that the rule always flags: what it misses from there on, cancellation must explain.</param>
public sealed record Protection(int Tile, IDetectionRule? Rule, IRecovery? Recovery, CheckpointInterval? Interval, int Threshold)
{
    /// <summary>Opens what corrects accumulators and condemns the rest in the rule's place, one a worker; null for the rule alone.</summary>
    public Func<ICorrector>? OpenCorrector { get; init; }

    /// <summary>Whether position-weighted sums are taken too.</summary>
    public bool Moments { get; init; }

    /// <summary>Whether row sums have odd weights (<see cref="OddWeights"/>), for a decoder that reads them.</summary>
    public bool OddRows { get; init; }

    /// <summary>Edge of the coarse tiles of hierarchical sums: a multiple of <see cref="Tile"/>, up to 256; 0 for flat sums (<see cref="ChecksumTiles"/>).</summary>
    public int CoarseTile { get; init; }

    /// <summary>Bytes of checkpoints that a step may write, in the interval's place; null for the interval.</summary>
    public long? BytesPerStep { get; init; }

    /// <summary>Where checkpoints live whose activations stay on a device; the others are in host memory.</summary>
    public CheckpointPlace Place { get; init; }

    /// <summary>When one picture's checkpoints are saved; null for never.</summary>
    public ICheckpointSchedule? OpenSchedule() => Interval is not null && BytesPerStep is { } bytes ? new CheckpointBudget(bytes) : Interval;

    /// <summary>Accumulators are corrected, and nothing is kept from step to step.</summary>
    /// <param name="tile">Edge of a checksum tile, 1..256; 0 for no sums.</param>
    /// <param name="open">Opens the corrector, or null for none.</param>
    public static Protection Correcting(int tile, Func<ICorrector>? open) => new(tile, null, null, null, ThresholdRule.PaperThreshold) { OpenCorrector = open };

    /// <summary>Decoding: flips are read off the deviations and taken back; what stays ambiguous comes from the last checkpoint.</summary>
    /// <param name="tile">Edge of a checksum tile, 1..64.</param>
    /// <param name="threshold">Smallest error that is condemned where it cannot be taken back.</param>
    /// <param name="interval">Steps from one checkpoint to the next.</param>
    /// <param name="moments">Whether position-weighted sums are taken too, in tiles of up to 32.</param>
    public static Protection Decoding(int tile = 32, int threshold = ThresholdRule.PaperThreshold, int interval = CheckpointInterval.Paper, bool moments = false) =>
        Rollback(tile, threshold, interval) with { Rule = null, OpenCorrector = () => new PlaneDecoder(threshold), Moments = moments };

    /// <summary>Decoding of large tiles whose rows have odd weights (<see cref="OddRowDecoder"/>); what stays open comes from the last checkpoint.</summary>
    /// <param name="tile">Edge of a checksum tile, 1..<see cref="OddWeights.LargestTile"/>.</param>
    /// <param name="threshold">Smallest error that counts.</param>
    /// <param name="interval">Steps from one checkpoint to the next.</param>
    public static Protection DecodingOddRows(int tile, int threshold = ThresholdRule.PaperThreshold, int interval = CheckpointInterval.Paper) =>
        Rollback(tile, threshold, interval) with { Rule = null, OpenCorrector = () => new OddRowDecoder(), OddRows = true };

    /// <summary>Rollback-ABFT: a threshold on checksums, masked elements from the last checkpoint (DRIFT).</summary>
    /// <param name="tile">Edge of a checksum tile, 1..256.</param>
    /// <param name="threshold">Smallest deviation that flags a line.</param>
    /// <param name="interval">Steps from one checkpoint to the next.</param>
    public static Protection Rollback(int tile = 32, int threshold = ThresholdRule.PaperThreshold, int interval = CheckpointInterval.Paper) =>
        new(tile, new ThresholdRule(threshold), new Rollback(), new CheckpointInterval(interval), threshold);
}

/// <summary>How a run executes its layers. Immutable; shared by all threads.</summary>
/// <param name="OpenPolicy">Opens the policy that chooses one picture's operating points: each picture in flight has its own.</param>
/// <param name="Outputs">How outputs leave the accumulator.</param>
/// <param name="Protection">Checks and recovery, or null for none.</param>
public sealed record Strategy(Func<IOperatingPolicy> OpenPolicy, OutputForm Outputs, Protection? Protection)
{
    /// <summary>
    /// The layers that run in INT8 and past the safe point; all others are left untouched, in fp32 at the nominal point. There is no default: the authors' settings differ from
    /// pipeline to pipeline (<see cref="PipelineKind.Guards"/>).
    /// </summary>
    public required Func<LayerKey, bool> Covers { get; init; }

    /// <summary>Whether the two products of the denoiser's attention run so too; the paper leaves them in fp32 at the nominal point.</summary>
    public bool CoversProducts { get; init; }

    /// <summary>Whether every layer of the decoder runs so too, as the step behind the last.</summary>
    public bool CoversAutoencoder { get; init; }

    /// <summary>Whether every layer of the text encoder runs so too, as step 0.</summary>
    public bool CoversTextEncoder { get; init; }

    /// <summary>The same with a selection's layers.</summary>
    /// <param name="layers">The selection.</param>
    public Strategy With(LayerSelection layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return this with { Covers = layers.Covers, CoversProducts = layers.Products, CoversAutoencoder = layers.Autoencoder, CoversTextEncoder = layers.TextEncoder };
    }

    /// <summary>How a network beside the denoiser is executed: every layer of it like the denoiser's covered ones.</summary>
    public Strategy Beside() => this with { Covers = _ => true, CoversProducts = false };

    /// <summary>Smallest magnitude of a fault that counts as large when missed ones are counted, whatever the rule's threshold (DRIFT, rollback-ABFT).</summary>
    public const int LargeFault = ThresholdRule.PaperThreshold;

    /// <summary>Edge of a checksum tile, or 0 for no checks.</summary>
    public int Tile => Protection?.Tile ?? 0;
}

/// <summary>The machine that is modelled: what errors an operating point brings and what work costs.</summary>
/// <param name="Errors">Operating point to error rate.</param>
/// <param name="Costs">Work to energy and time.</param>
public sealed record Platform(IErrorModel Errors, ICostModel Costs);
