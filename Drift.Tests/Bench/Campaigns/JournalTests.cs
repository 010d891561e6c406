using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

public sealed class JournalTests
{
    private string _path = "";

    [SetUp]
    public void Begin() => _path = Path.GetTempFileName();

    [TearDown]
    public void Remove() => File.Delete(_path);

    [Test]
    public void Cut_at_any_end_or_between_it_keeps_every_whole_record()
    {
        using (var journal = new Journal<TrialRow>(_path))
        {
            for (var trial = 0; trial < 3; trial++)
                journal.Append(CampaignBench.Row(0, trial));
        }

        var whole = File.ReadAllBytes(_path);
        var ends = whole.Select((value, i) => (value, i)).Where(at => at.value == '\n').Select(at => at.i + 1).ToList();
        for (var length = 0; length <= whole.Length; length = ends.Contains(length + 1) || ends.Contains(length) ? length + 1 : Math.Min(length + 17, ends.First(end => end > length) - 1))
        {
            File.WriteAllBytes(_path, whole[..length]);
            List<int> kept = [];
            var dropped = Journal<TrialRow>.Repair(_path, row => kept.Add(row.Trial));
            var sound = ends.Count(end => end <= length);
            Assert.That((kept.Count, dropped), Is.EqualTo((sound, ends.Contains(length) || length == 0 ? 0 : 1)), $"cut at {length}");
            Assert.That(new FileInfo(_path).Length, Is.EqualTo(sound == 0 ? 0 : ends[sound - 1]));
        }
    }

    [Test]
    public void Any_altered_byte_costs_its_record_alone()
    {
        using (var journal = new Journal<TrialRow>(_path))
        {
            journal.Append(CampaignBench.Row(0, 0));
            journal.Append(CampaignBench.Row(0, 1));
        }

        var whole = File.ReadAllBytes(_path);
        var first = Array.IndexOf(whole, (byte)'\n');
        for (var at = 0; at < first; at++)
        {
            var altered = (byte[])whole.Clone();
            altered[at] ^= 1;
            File.WriteAllBytes(_path, altered);
            List<int> kept = [];
            Journal<TrialRow>.Read(_path, row => kept.Add(row.Trial));
            Assert.That(kept, Is.EqualTo(new[] { 1 }), $"byte {at}");
        }
    }

    [Test]
    public void Without_space_it_says_so_and_leaves_whole_records()
    {
        using (var journal = new Journal<TrialRow>(_path, path => new FullDisk(path, 500)))
        {
            var error = Assert.Throws<UserErrorException>(() =>
            {
                for (var trial = 0; ; trial++)
                    journal.Append(CampaignBench.Row(0, trial));
            });
            Assert.That(error!.Message, Does.StartWith(_path).And.Contain("No space left"));
        }

        var kept = 0;
        Assert.That(Journal<TrialRow>.Read(_path, _ => kept++), Is.Zero);
        Assert.That(kept, Is.Positive);
        using (var journal = new Journal<TrialRow>(_path))
            journal.Append(CampaignBench.Row(0, kept));
        Assert.That(Journal<TrialRow>.Read(_path, _ => { }), Is.Zero);
    }

    /// <summary>A file on a disk with room for so many bytes: what fits is written before the rest fails, as a system does.</summary>
    private sealed class FullDisk(string path, long room) : FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 0)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var fits = (int)Math.Min(buffer.Length, Math.Max(0, room - Position));
            base.Write(buffer[..fits]);
            if (fits < buffer.Length)
                throw new IOException("No space left on device");
        }
    }
}
