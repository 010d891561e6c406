using System.Diagnostics;
using System.Globalization;
using System.Text;
using Drift.Bench;
using DuckDB.NET.Data;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What a finished campaign leaves, as others read it.</summary>
[TestFixture]
public sealed class ResultTests
{
    private string _folder = "";
    private CampaignPlan _plan = null!;

    [OneTimeSetUp]
    public void RunOnce()
    {
        _folder = Path.Combine(Directory.CreateTempSubdirectory("drift-results-").FullName, "campaign");
        _plan = CampaignBench.Plan("dit-fashion", 4, 3, (Axes.Step, "0-1,2-3"), (Axes.Block, "0,1,5"));
        Assert.That(CampaignBench.Run(_plan, _folder).Error, Is.Empty);
    }

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(Path.GetDirectoryName(_folder)!, true);

    [Test]
    public void DuckDB_reads_the_trials_and_finds_the_means_of_the_cells()
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"select cell, step, block, count(*), avg(psnr), sum(faults)::bigint, min(plan), count(distinct seed) from '{Path.Combine(_folder, TrialsParquet.FileName)}' group by all order by cell";
        using var reader = command.ExecuteReader();
        var cells = File.ReadAllLines(Path.Combine(_folder, CellsCsv.FileName)).Skip(1).Select(line => line.Split(',')).ToList();
        var rows = 0;
        for (; reader.Read(); rows++)
        {
            var cell = cells[rows];
            Assert.That((reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3)), Is.EqualTo((cell[0], cell[1], cell[2], 3L)));
            Assert.That(reader.GetDouble(4), Is.EqualTo(double.Parse(cell[8], CultureInfo.InvariantCulture)).Within(1e-9));
            Assert.That(reader.GetInt64(5), Is.EqualTo(long.Parse(cell[5], CultureInfo.InvariantCulture)));
            Assert.That((reader.GetString(6), reader.GetInt64(7)), Is.EqualTo((_plan.Hash(), 3L)));
        }

        Assert.That(rows, Is.EqualTo(6));
    }

    [Test]
    public void Every_axis_is_drawn_with_an_order_or_without_one()
    {
        var plan = CampaignBench.Plan("dit-fashion", 4, 3, (Axes.Role, "qkv,time-embedding"), (Axes.Block, "0,5"));
        var states = Enumerable.Range(0, plan.Cells).Select(cell =>
        {
            var state = new CellState(plan);
            for (var trial = 0; trial < 3; trial++)
                state.Take(CampaignBench.Row(cell, trial, 30 + cell + trial));
            return state;
        }).ToList();
        var charts = new CampaignCharts(plan, states).Draw().ToList();
        Assert.That(charts.Select(chart => chart.Name), Is.EquivalentTo(new[] { "map-role-block", "marks-role", "curve-block" }));
        Assert.That(charts.Select(chart => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(chart.Png))), Is.Unique);
    }

    [Test]
    public async Task A_replay_is_the_trial_to_the_bit_on_another_backend_too()
    {
        foreach (var backend in new[] { "host", "reference" })
        {
            var target = $"{_folder}-replay-{backend}";
            var run = await Invocation.Of(["replay", _folder, "--cell", "c00003", "--backend", backend, "--out", target]);
            Assert.That((run.ExitCode, run.Error), Is.EqualTo((ErrorPolicy.Success, "")), run.Out);
            Assert.That(run.Out, Does.Contain("step 2-3, block 0").And.Contain("to the bit"));
            var flips = File.ReadAllLines(Path.Combine(target, "flips.csv")).Skip(1).Select(line => line.Split(',')).ToList();
            Assert.That(flips, Is.Not.Empty);
            Assert.That(flips.All(flip => flip[0] is "2" or "3" && flip[1] == "0"), "all flips lie in the cell's steps and block");
            Assert.That(run.Out, Does.Contain($"; {flips.Count} flips,"));
        }
    }

    [Test]
    public async Task A_replay_that_differs_fails()
    {
        var other = $"{_folder}-other";
        Directory.CreateDirectory(other);
        File.Copy(Path.Combine(_folder, CampaignFolder.PlanFile), Path.Combine(other, CampaignFolder.PlanFile));
        using (var journal = new Journal<TrialRow>(Path.Combine(other, CampaignFolder.JournalFile)))
            journal.Append(CampaignBench.Row(3, 0));
        var run = await Invocation.Of(["replay", other, "--cell", "c00003", "--out", $"{other}-replay"]);
        Assert.That(run.ExitCode, Is.EqualTo(ErrorPolicy.Failure));
        Assert.That(run.Out, Does.Contain("ANOTHER picture"));
    }

    [TestCase("c00009", "c00000 to c00005")]
    [TestCase("9", "c00000 to c00005")]
    public async Task A_cell_that_is_not_there_is_refused(string cell, string told)
    {
        var run = await Invocation.Of(["replay", _folder, "--cell", cell]);
        Assert.That((run.ExitCode, run.Error.Trim().Split('\n').Length), Is.EqualTo((ErrorPolicy.BadInput, 1)));
        Assert.That(run.Error, Does.Contain(told));
    }

    [Test]
    public void The_page_stands_alone_and_works_in_a_browser()
    {
        var page = File.ReadAllText(Path.Combine(_folder, ReportPage.FileName));
        Assert.That(page, Does.Not.Contain("http").And.Contain("prefers-color-scheme").And.Contain("name=\"viewport\""));
        if (Chromium() is not { } chromium)
        {
            Assert.Ignore("no chromium on the PATH (Debian package chromium)");
            return;
        }

        // Sorts by a key press and filters, then says what it sees: what a reader with a keyboard does.
        var probe = Path.Combine(Path.GetDirectoryName(_folder)!, "probe.html");
        File.WriteAllText(probe, page.Replace("</body>", """
            <script>window.addEventListener('load', () => {
              const heads = [...document.querySelectorAll('th button')];
              heads[0].focus(); heads[0].click(); heads[0].click();
              const filter = document.getElementById('filter'); filter.value = 'block 5'; filter.dispatchEvent(new Event('input'));
              document.title = 'PROBE ' + [document.activeElement === heads[0], document.querySelector('tbody tr').cells[0].textContent, document.getElementById('shown').textContent,
                [...document.images].every(image => image.naturalWidth > 0), document.images.length, document.documentElement.scrollWidth <= window.innerWidth].join('|');
            });</script></body>
            """, StringComparison.Ordinal));
        var (html, console) = Browse(chromium, probe);
        Assert.That(html, Does.Contain("<title>PROBE true|c00005|2 of 6 cells|true|4|true</title>"));
        Assert.That(html, Does.Contain("Resilience of dit-fashion over step, block"));
        Assert.That(console, Does.Not.Contain("CONSOLE"));
    }

    [Test]
    public void A_console_error_would_be_seen()
    {
        if (Chromium() is not { } chromium)
        {
            Assert.Ignore("no chromium on the PATH (Debian package chromium)");
            return;
        }

        var probe = Path.Combine(Path.GetDirectoryName(_folder)!, "broken.html");
        File.WriteAllText(probe, "<!doctype html><script>nothing.at.all()</script>");
        Assert.That(Browse(chromium, probe).Console, Does.Contain("CONSOLE"));
    }

    private static string? Chromium() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);

    private static (string Html, string Console) Browse(string chromium, string page)
    {
        var profile = Directory.CreateTempSubdirectory("drift-chromium-").FullName;
        var start = new ProcessStartInfo(chromium) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var argument in new[] { "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=390,844", "--enable-logging=stderr", "--v=0", $"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom", $"file://{page}" })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        var told = (output.Result, error.Result);
        Directory.Delete(profile, true);
        return told;
    }
}
