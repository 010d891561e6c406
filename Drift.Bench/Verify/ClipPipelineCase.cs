using Drift.Models;

namespace Drift.Bench;

/// <summary>A whole CLIP with its tokenizer: prompts and pictures to embeddings.</summary>
internal sealed class ClipPipelineCase(string name, string folder, string io, string list, PipelineCaseEntry entry) : VerificationCase(name, io, list)
{
    /// <inheritdoc/>
    public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
    {
        using var arrays = SafetensorsFile.Open(io);
        var model = entry.ModelPath(folder);
        var tokens = ClipTextCheck.Tokens(arrays);
        var ours = TokenBatch.Of(ClipTokenizer.Load(model), entry.Prompts ?? [], tokens.Tokens);
        return
        [
            OutputCheck.Exact<int>("in.input_ids", ours.Ids, tokens.Ids),
            OutputCheck.Exact<int>("in.attention_mask", [.. ours.Mask.Select(used => used ? 1 : 0)], [.. tokens.Mask.Select(used => used ? 1 : 0)]),
            .. ClipCheck.Run(new NetworkFiles(model, arrays)),
        ];
    }
}
