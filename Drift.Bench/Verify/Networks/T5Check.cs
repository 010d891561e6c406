using Drift.Models;

namespace Drift.Bench;

/// <summary>T5EncoderModel.</summary>
internal static class T5Check
{
    /// <summary>Token ids and masks to text states, at padded places too.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files) =>
        [files.Check("out.last_hidden_state", T5Encoder.Load(files.Folder).Encode(files.Arrays.ReadTokens(), files.Gemm, files.Workspace).Span)];
}
