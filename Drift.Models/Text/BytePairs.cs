namespace Drift.Models;

/// <summary>A byte pair vocabulary and its merges, from <c>vocab.json</c> and <c>merges.txt</c> or from <c>tokenizer.json</c>.</summary>
/// <param name="Source">The file, for messages.</param>
/// <param name="Vocabulary">Pieces and their ids.</param>
/// <param name="Merges">Pairs of pieces with a space between, the first to be merged first.</param>
/// <param name="Special">Tokens beside the text, which are recognised in it as they stand.</param>
internal sealed record BytePairs(string Source, IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<string> Merges, IReadOnlyDictionary<string, int> Special)
{
    /// <summary>Pieces and their ids.</summary>
    public const string VocabularyFile = "vocab.json";

    /// <summary>Pairs of pieces, a line each.</summary>
    public const string MergesFile = "merges.txt";

    /// <summary>Both.</summary>
    public const string WholeFile = "tokenizer.json";

    private const long LongestMerges = 100_000_000;

    /// <summary>Reads a folder; <c>vocab.json</c> counts where both forms are there, as transformers' own slow tokenizer has it.</summary>
    /// <exception cref="ModelFormatException">Neither form is there whole and sound.</exception>
    public static BytePairs Load(string folder)
    {
        string vocabulary = Path.Combine(folder, VocabularyFile), merges = Path.Combine(folder, MergesFile), whole = Path.Combine(folder, WholeFile);
        if (!File.Exists(vocabulary) && !File.Exists(whole))
            throw new ModelFormatException($"{folder}: no tokenizer there; expected {VocabularyFile} and {MergesFile}, or {WholeFile}");
        if (File.Exists(vocabulary))
            return new BytePairs(vocabulary, ModelConfig.Read(vocabulary).AllIntegers(), ReadMerges(merges), new Dictionary<string, int>());

        var config = ModelConfig.Read(whole);
        var model = config.Section("model");
        model.Choice("type", "BPE");
        var special = config.Sections("added_tokens").ToDictionary(token => token.RequiredText("content"), token => token.OptionalInteger("id", 0) ?? throw token.Refuse("id", "missing", "a whole number of at least 0"));
        return new BytePairs(whole, model.Section("vocab").AllIntegers(), [.. model.TextRows("merges").Select(row => string.Join(' ', row))], special);
    }

    private static List<string> ReadMerges(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestMerges)
                throw new ModelFormatException($"{path}: longer than {LongestMerges} bytes; expected a pair of pieces a line");
            var pairs = new List<string>();
            foreach (var (number, line) in File.ReadLines(path).Index())
            {
                // The first line may say a version.
                if (line.Length == 0 || number == 0 && line.StartsWith("#version", StringComparison.Ordinal))
                    continue;
                if (line.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }])
                    throw new ModelFormatException($"{path}, line {number + 1}: expected two pieces with a space between, not '{line}'");
                pairs.Add(line);
            }

            return pairs;
        }
        catch (FileNotFoundException exception)
        {
            throw new ModelFormatException($"{path}: no such file; expected the merges of vocab.json beside it, a pair of pieces a line", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }
}
