using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>The command, its folder and its report.</summary>
internal sealed class ReproductionTests
{
    private string _folder = "";

    private string Out => Path.Combine(_folder, "run");

    [SetUp]
    public void Open() => _folder = Directory.CreateTempSubdirectory("drift-").FullName;

    [TearDown]
    public void Close() => Directory.Delete(_folder, true);

    [Test]
    public async Task A_run_writes_tables_and_a_report_that_needs_nothing_else()
    {
        var run = await Invocation.Of(["reproduce", "breakdown", "layout", "--out", Out]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var page = File.ReadAllText(Path.Combine(Out, Reproduction.Html));
        Assert.That(page, Does.Contain(System.Net.WebUtility.HtmlEncode(MarkdownReport.Reading)).And.Contain("prefers-color-scheme: dark").And.Contain("@media print"));
        Assert.That(page, Does.Not.Contain("<script").And.Not.Contain("http:").And.Not.Contain("https:").And.Not.Contain("@import"));
        Assert.That(page.Split("<img ").Skip(1), Has.All.Contain("alt=\"").And.All.Not.Contain("alt=\"\""));
        Assert.That(page.IndexOf("id=\"verdicts\"", StringComparison.Ordinal), Is.LessThan(page.IndexOf("<section", StringComparison.Ordinal)), "verdicts first");
        Assert.That(page, Does.Contain("href=\"breakdown/table.csv\"").And.Contain("drift reproduce breakdown --quick"));
        Assert.That(File.ReadAllText(Path.Combine(Out, Reproduction.Markdown)), Does.Contain("35.8").And.Contain("breakdown/figure-1.png"));
        Assert.That(new[] { "table.csv", "table.json", "figure-1.png", "figure-1-dark.png" }.Select(name => File.Exists(Path.Combine(Out, "breakdown", name))), Has.All.True);
    }

    [Test]
    public async Task Finished_tables_are_kept_and_others_made_again()
    {
        Assert.That((await Invocation.Of(["reproduce", "layout", "breakdown", "--out", Out])).ExitCode, Is.Zero);
        var (kept, halfway) = (Path.Combine(Out, "layout", "table.csv"), Path.Combine(Out, "breakdown"));
        var csv = File.ReadAllText(Path.Combine(halfway, "table.csv"));
        File.WriteAllText(kept, "not made again");
        File.Delete(Path.Combine(halfway, "table.json"));
        Directory.CreateDirectory(Path.Combine(Out, ".breakdown.partial-1"));
        var run = await Invocation.Of(["reproduce", "layout", "breakdown", "speedup", "--out", Out]);
        Assert.That(run.Out, Does.Contain("layout: kept").And.Contain("speedup: ").And.Not.Contain("breakdown: kept"));
        Assert.That(File.ReadAllText(kept), Is.EqualTo("not made again"));
        Assert.That(File.ReadAllText(Path.Combine(halfway, "table.csv")), Is.EqualTo(csv));
        Assert.That(File.ReadAllText(Path.Combine(Out, Reproduction.Html)), Does.Contain("id=\"speedup\"").And.Contain("id=\"layout\""));
    }

    [Test]
    public async Task Tables_of_other_models_are_no_tables_of_these()
    {
        Assert.That((await Invocation.Of(["reproduce", "layout", "--out", Out])).ExitCode, Is.Zero);
        var other = await Invocation.Of(["reproduce", "layout", "--out", Out, "--model-dir", DataFolder.Path("models", "sd-emoji")]);
        Assert.That((other.ExitCode, other.Out), Is.EqualTo((ErrorPolicy.BadInput, "")));
        Assert.That(other.Error, Does.Contain("holds layout of other models (the shipped ones)").And.Contain("sd-emoji"));
        var apart = await Invocation.Of(["reproduce", "layout", "--out", Out + "2", "--model-dir", DataFolder.Path("models", "sd-emoji")]);
        var again = await Invocation.Of(["reproduce", "layout", "--out", Out + "2", "--model-dir", DataFolder.Path("models", "sd-emoji")]);
        Assert.That((apart.ExitCode, again.ExitCode), Is.EqualTo((0, 0)), apart.Error + again.Error);
        Assert.That(again.Out, Does.Contain("layout: kept"));
    }

    [Test]
    public async Task A_stopped_run_says_what_is_kept()
    {
        Assert.That((await Invocation.Of(["reproduce", "layout", "--out", Out])).ExitCode, Is.Zero);
        using var stop = new CancellationTokenSource();
        using StringWriter output = new(), error = new();
        await stop.CancelAsync();
        var code = Reproduction.Run(new ReproduceOptions(TableCatalog.All, Budget.Quick, 1, Out, new Dictionary<string, string>()), new Session(output, error, stop.Token));
        Assert.That((code, error.ToString()), Is.EqualTo((ErrorPolicy.Cancelled, $"drift: cancelled; 1 finished tables and the pictures of the next are kept in {Out}, and the same line goes on{Environment.NewLine}")));
    }

    [TestCase("reproduce breakdwon", "'breakdwon'", "breakdown")]
    [TestCase("reproduce nothing-like-it", "nothing-like-it", "speedup")]
    [TestCase("reproduce --quick --full", "--quick", "--full")]
    [TestCase("reproduce --model-dir nowhere", "nowhere")]
    [TestCase("reproduce --model-dir dit-fashion --model-dir dit-fashion", "second")]
    [TestCase("reproduce --threads 0", "--threads")]
    public async Task Bad_input_is_one_line(string line, params string[] said)
    {
        var run = await Invocation.Of([.. line.Split(' '), "--out", Out]);
        Assert.That((run.ExitCode, Directory.Exists(Out)), Is.EqualTo((ErrorPolicy.BadInput, false)));
        foreach (var words in said)
            Assert.That(run.Error, Does.Contain(words));
    }

    [Test]
    public async Task A_folder_of_something_else_is_refused()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "letter.txt"), "");
        Assert.That((await Invocation.Of(["reproduce", "layout", "--out", Out])).Error, Does.Contain("letter.txt"));
        File.Delete(Path.Combine(Out, "letter.txt"));
        Assert.That((await Invocation.Of(["reproduce", "layout", "--out", Out])).ExitCode, Is.Zero);
        Assert.That((await Invocation.Of(["reproduce", "layout", "--full", "--out", Out])).Error, Does.Contain("--quick run of layout"));
        Assert.That((await Invocation.Of(["reproduce", "layout", "--out", Path.Combine(Out, Reproduction.Html)])).Error, Does.Contain("is a file"));
    }

    [TestCase("series,at,quantity,value\n", "columns")]
    [TestCase("series,at,quantity,value,source\na,1,lpips,much,paper\n", "line 2")]
    [TestCase("series,at,quantity,value,source\na,1,lpips,2,\n", "its source")]
    [TestCase("series,at,quantity,value,source\na,x,lpips,2,paper\n", "'x'")]
    public void A_quoted_file_says_what_is_wrong(string text, string said)
    {
        var file = Path.Combine(_folder, "quoted.csv");
        File.WriteAllText(file, text);
        Assert.That(() => QuotedFigures.Read(file), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(said).And.Message.Contains(file));
    }
}
