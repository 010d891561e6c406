namespace Drift.Bench;

/// <summary>A file that lists or describes cases cannot be used.</summary>
/// <param name="file">Full path.</param>
/// <param name="problem">What is wrong with it and what was expected.</param>
/// <param name="inner">What lay beneath, if anything.</param>
internal sealed class CaseFileException(string file, string problem, Exception? inner = null) : Exception($"{file}: {problem}", inner)
{
    /// <summary>The file, full path.</summary>
    public string File => file;
}
