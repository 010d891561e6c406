using Drift.Models;

namespace Drift.Bench;

/// <summary>CLIPTextModel.</summary>
internal static class ClipTextCheck
{
    /// <summary>Tokens to states.</summary>
    public static IEnumerable<OutputCheck> Run(NetworkFiles files)
    {
        var middle = new Midpoints(files);
        var (last, pooled) = ClipTextModel.Load(files.Folder).Encode(Tokens(files.Arrays), files.Gemm, files.Workspace, middle.Watch);
        return [.. middle.Checks(), files.Check("out.last_hidden_state", last.Span), files.Check("out.pooler_output", pooled.Span)];
    }

    /// <summary>The case's texts; every token counts where it has no mask.</summary>
    public static TokenBatch Tokens(SafetensorsFile arrays)
    {
        if (arrays.Shape("in.input_ids") is not [> 0, > 0 and var tokens])
            throw new UserErrorException($"{arrays.Path}: in.input_ids has the shape [{string.Join(", ", arrays.Shape("in.input_ids"))}]; expected [texts, tokens]");
        int[] ids = [.. arrays.ReadInt64("in.input_ids").Select(id => checked((int)id))];
        bool[] mask = arrays.Contains("in.attention_mask")
            ? [.. arrays.ReadInt64("in.attention_mask").Require(arrays, "in.attention_mask", ids.Length).Select(entry => entry != 0)]
            : [.. Enumerable.Repeat(true, ids.Length)];
        return new TokenBatch(tokens, ids, mask);
    }
}
