using System.Text.Json.Serialization;
using Drift.Models;

namespace Drift.Bench;

/// <summary>Texts with their token ids: <c>ids.json</c> beside a tokenizer's files.</summary>
internal sealed class TokenizerCases : ICaseKind
{
    /// <inheritdoc/>
    public IEnumerable<VerificationCase> In(string folder, string label)
    {
        var list = Path.Combine(folder, "ids.json");
        if (!File.Exists(list))
            return [];
        string[] files = [.. ClipTokenizer.FileNames.Select(name => Path.Combine(folder, name)).Where(File.Exists), list];
        return files.Length > 1
            ? [new Case($"{label}/ids.json", files, () => ClipTokenizer.Load(folder), CaseFiles.JsonList<Row>(list))]
            : [new UnsupportedCase($"{label}/ids.json", "tokenizers", list)];
    }

    private sealed record Row(
        [property: JsonRequired] string Text,
        [property: JsonRequired] int[] Ids,
        [property: JsonRequired] int[] Padded,
        [property: JsonRequired] int[] Mask);

    private sealed class Case(string name, string[] files, Func<ITextTokenizer> load, IReadOnlyList<Row> rows) : VerificationCase(name, files)
    {
        public override IEnumerable<OutputCheck> Run(VerificationSetting setting)
        {
            var tokenizer = load();
            // The text that is furthest off.
            OutputCheck Exact(string output, Func<Row, int[]> ours, Func<Row, int[]> expected) =>
                rows.Select(row => OutputCheck.Exact<int>(output, ours(row), expected(row))).MaxBy(check => check.Error)
                ?? throw new UserErrorException($"{files[^1]}: expected at least one text");
            TokenBatch Row(Row row) => TokenBatch.Of(tokenizer, [row.Text], row.Padded.Length);
            yield return Exact("ids", row => tokenizer.Encode(row.Text), row => row.Ids);
            yield return Exact("padded", row => Row(row).Ids, row => row.Padded);
            yield return Exact("mask", row => [.. Row(row).Mask.Select(used => used ? 1 : 0)], row => row.Mask);
        }
    }
}
