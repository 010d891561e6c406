namespace Drift.Bench;

/// <summary>
/// The pictures of a table that is being made, as they were finished: a campaign's journal beside the tables, which goes when its table is whole. A table that was stopped draws
/// only what is not in it.
/// </summary>
internal sealed class ScoreJournal : IDisposable
{
    private readonly string _path, _run;
    private readonly Journal<PictureScore> _journal;
    private readonly Dictionary<(int Drawing, int Trial, int Picture), PictureScore> _known = [];
    private int _drawings;

    /// <summary>Opens a table's journal, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">What the table is made with. What was drawn with anything else is drawn again.</param>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public ScoreJournal(string path, string run)
    {
        (_path, _run) = (path, run);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            Journal<PictureScore>.Repair(path, score => _known[(score.Drawing, score.Trial, score.Picture)] = score);
            if (_known.Values.Any(score => score.Run != run))
            {
                File.Delete(path);
                _known.Clear();
            }

            _journal = new Journal<PictureScore>(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out: cannot write {path}: {exception.Message}", exception);
        }
    }

    /// <summary>Pictures that were there when it was opened.</summary>
    public int Kept => _known.Count;

    /// <summary>The next drawing of the table: a table asks for its drawings in the same order in every run.</summary>
    public int Next() => _drawings++;

    /// <summary>A picture that was drawn before; null for one that was not.</summary>
    public PictureScore? Find(int drawing, int trial, int picture) => _known.GetValueOrDefault((drawing, trial, picture));

    /// <summary>Takes a picture down.</summary>
    /// <exception cref="UserErrorException">It cannot be written; what was written before is sound.</exception>
    public void Add(PictureScore score) => _journal.Append(score with { Run = _run });

    /// <summary>Removes it: the table is whole.</summary>
    public void Delete()
    {
        _journal.Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _journal.Dispose();
}
