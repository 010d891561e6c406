using Drift.Kernels;

namespace Drift.Models;

/// <summary>A network that reads text. Immutable; one instance serves all threads.</summary>
public interface ITextEncoder
{
    /// <summary>The states that condition a denoiser.</summary>
    /// <param name="tokens">The texts.</param>
    /// <param name="gemm">Computes every layer.</param>
    /// <param name="workspace">Scratch memory.</param>
    /// <returns>[texts, tokens, width], with memory of its own.</returns>
    /// <exception cref="ArgumentException">A token lies outside the vocabulary, or a text is longer than the network reads.</exception>
    Tensor Encode(TokenBatch tokens, IGemmUnit gemm, Workspace workspace);
}
