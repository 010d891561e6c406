using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Drift.Bench;

/// <summary>What a <see cref="Journal{TRow}"/> takes down.</summary>
/// <typeparam name="TRow">The record itself.</typeparam>
internal interface IJournalRow<TRow>
    where TRow : class, IJournalRow<TRow>
{
    /// <summary>One line of JSON, without its end.</summary>
    byte[] ToJson();

    /// <summary>Reads a line.</summary>
    static abstract TRow FromJson(ReadOnlySpan<byte> line);
}

/// <summary>
/// Trials as they were finished, of a campaign or of a table: text, a record a line, eight hex digits of its SHA-256 before it. A record goes to the system at once, so a process that
/// dies loses what it was drawing and nothing else; it goes to the disk every <see cref="SyncInterval"/>, so that is what a power cut can take.
/// </summary>
/// <typeparam name="TRow">A record.</typeparam>
internal sealed class Journal<TRow> : IDisposable
    where TRow : class, IJournalRow<TRow>
{
    /// <summary>Time from one flush to the disk to the next.</summary>
    public static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(5);

    private const int CheckDigits = 8;
    private readonly string _path;
    private readonly Stream _stream;
    private readonly Stopwatch _sinceSync = Stopwatch.StartNew(), _spent = new();

    /// <summary>Opens a journal to append to.</summary>
    /// <param name="path">The file; made where there is none. Its records must be sound: <see cref="Repair"/> it first.</param>
    /// <param name="open">Opens the file; null for the file itself.</param>
    public Journal(string path, Func<string, Stream>? open = null)
    {
        _path = path;
        // Unbuffered: what Append has written is the system's.
        _stream = (open ?? (file => new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0)))(path);
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <summary>Time spent writing.</summary>
    public TimeSpan Spent => _spent.Elapsed;

    /// <summary>Takes a trial down.</summary>
    /// <param name="row">The trial.</param>
    /// <exception cref="UserErrorException">It cannot be written, for want of space or otherwise. What was written before is sound.</exception>
    public void Append(TRow row)
    {
        _spent.Start();
        var sound = _stream.Position;
        try
        {
            _stream.Write(Record(row));
            if (_sinceSync.Elapsed >= SyncInterval)
                Sync();
        }
        catch (IOException exception)
        {
            // Half a record would be dropped when the journal is read again; without it there is nothing to say then.
            _stream.SetLength(sound);
            throw new UserErrorException($"{_path}: cannot take down more trials: {exception.Message}; those before are kept, and the same command goes on from there", exception);
        }
        finally
        {
            _spent.Stop();
        }
    }

    /// <summary>Reads the sound records of a journal, and rewrites it without the others.</summary>
    /// <param name="path">The file; there may be none.</param>
    /// <param name="take">Told every record, in order.</param>
    /// <returns>Records that were dropped: torn, altered, or no records at all.</returns>
    public static int Repair(string path, Action<TRow> take)
    {
        if (!File.Exists(path))
            return 0;
        var dropped = Read(path, take);
        if (dropped == 0)
            return 0;
        var mended = path + ".mended";
        using (var target = File.Create(mended))
        {
            Read(path, row => target.Write(Record(row)));
            target.Flush(flushToDisk: true);
        }

        File.Move(mended, path, overwrite: true);
        return dropped;
    }

    /// <summary>Reads the sound records.</summary>
    /// <param name="path">The file.</param>
    /// <param name="take">Told every record, in order.</param>
    /// <returns>How many lines were not sound.</returns>
    public static int Read(string path, Action<TRow> take)
    {
        var unsound = 0;
        foreach (var row in Lines(path))
        {
            if (row is not null)
                take(row);
            else
                unsound++;
        }

        return unsound;
    }

    /// <summary>The sound records, one by one.</summary>
    /// <param name="path">The file.</param>
    public static IEnumerable<TRow> Records(string path) => Lines(path).OfType<TRow>();

    /// <summary>A record a line; null for a line that is not sound.</summary>
    private static IEnumerable<TRow?> Lines(string path)
    {
        using var lines = new StreamReader(path, Encoding.UTF8);
        // A last line without its end is torn, even where it happens to be whole: the next record would be written behind it.
        var ends = EndsInLine(path);
        for (var line = lines.ReadLine(); line is not null; line = lines.ReadLine())
            yield return ends || lines.Peek() >= 0 ? Parse(Encoding.UTF8.GetBytes(line)) : null;
    }

    /// <summary>What was written goes to the disk.</summary>
    public void Sync()
    {
        (_stream as FileStream)?.Flush(flushToDisk: true);
        _sinceSync.Restart();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static byte[] Record(TRow row)
    {
        var json = row.ToJson();
        return [.. Encoding.ASCII.GetBytes(Check(json)), (byte)' ', .. json, (byte)'\n'];
    }

    private static TRow? Parse(ReadOnlySpan<byte> line)
    {
        if (line.Length <= CheckDigits || line[CheckDigits] != ' ')
            return null;
        var json = line[(CheckDigits + 1)..];
        return line[..CheckDigits].SequenceEqual(Encoding.ASCII.GetBytes(Check(json))) ? TRow.FromJson(json) : null;
    }

    private static string Check(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json))[..CheckDigits];

    private static bool EndsInLine(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length == 0)
            return true;
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }
}
