using Drift.Kernels;

namespace Drift.Models;

/// <summary>A network that predicts noise. Immutable; one instance serves all threads.</summary>
public interface IDenoiser
{
    /// <summary>Extents of one sample's latent: channels, height, width.</summary>
    (int Channels, int Height, int Width) LatentShape { get; }

    /// <summary>Channels of a prediction; those beyond the latent's are learned variances.</summary>
    int OutChannels { get; }

    /// <summary>Every linear layer, in the order of execution.</summary>
    IReadOnlyList<LinearLayer> Layers { get; }

    /// <summary>The prediction for a batch.</summary>
    /// <param name="latent">[samples, channels, height, width]; samples of one picture stand together.</param>
    /// <param name="step">Where in the run this happens; the result lives in its workspace.</param>
    /// <param name="conditioning">One entry a sample.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <returns>[samples, out channels, height, width], valid until the caller's workspace scope ends.</returns>
    Tensor Predict(Tensor latent, StepContext step, Conditioning conditioning, IGemmUnit gemm);
}
