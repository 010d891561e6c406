using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>What every table of <c>drift reproduce</c> keeps to, on every entry of the catalogue. Few steps and pictures: the form is under test, not the figures.</summary>
[TestFixture]
internal sealed partial class TableTests
{
    private const int Steps = 4;
    private static readonly Budget Smallest = new("smallest", 2, 1, [1e-3, 3e-2], new DuelSettings(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 1, 1), Steps);

    private readonly TrainedModels _models = new(Smallest, Environment.ProcessorCount);

    public static IEnumerable<TestCaseData> Tables() => TableCatalog.All.Select(table => new TestCaseData(table).SetArgDisplayNames(table.Id));

    [OneTimeTearDown]
    public void Close() => _models.Dispose();

    [Test]
    public void Names_are_distinct() => Assert.That(TableCatalog.All.Select(table => table.Id), Is.Unique);

    [TestCaseSource(nameof(Tables))]
    public void A_table_keeps_its_form(object entry)
    {
        var table = (ITable)entry;
        Assert.That(table.Id, Does.Match("^[a-z]+(-[a-z]+)*$"));
        Assert.That(table.Title + table.About, Does.Not.Contain("  ").And.Length.GreaterThan(40));
        Assert.That(table.Columns.SelectMany(column => column.CsvNames()), Is.Unique);
        Assert.That(table.Columns[0].Kind, Is.EqualTo(ColumnKind.Setting));
        Assert.That(table.Columns.Count(column => column.Kind != ColumnKind.Setting), Is.Positive);

        var result = table.Make(new TableContext(Smallest, _models, CancellationToken.None));
        Assert.That(result.Rows, Is.Not.Empty);
        foreach (var row in result.Rows)
        {
            Assert.That(row, Has.Count.EqualTo(table.Columns.Count));
            foreach (var (column, cell) in table.Columns.Zip(row))
            {
                Assert.That(column.Kind == ColumnKind.Setting || cell.Text is null, "only settings are texts");
                Assert.That(column.HasInterval || cell.Low is null, "an interval needs its columns");
                if (column.Kind == ColumnKind.Quoted && cell.Value is { } value)
                    Assert.That(Quoted, Does.Contain(value), $"{column.Name}: a quoted figure stands in data/paper or data/operating-points");
            }
        }

        Assert.That(result.Claims, Is.Not.Empty);
        foreach (var claim in result.Claims)
        {
            Assert.That((claim.Statement, claim.Rule), Is.Not.EqualTo(("", "")));
            Assert.That(claim.Verdict == Verdict.CannotBeJudgedHere || claim is { Paper.Length: > 0, Ours.Length: > 0 }, $"{claim.Statement}: a verdict needs both sides");
        }

        foreach (var figure in result.Figures)
        {
            Assert.That(figure.Alt, Has.Length.GreaterThan(40));
            Assert.That(new[] { figure.Title, figure.XLabel, figure.YLabel }, Has.All.Not.Empty);
            Assert.That(figure.Curves.Where(curve => curve.Points.Any(point => point.Y.Value is not null)), Is.Not.Empty, figure.Title);
        }
    }

    /// <summary>Tables that draw nothing are made again and held against the committed run.</summary>
    [TestCase("vf-isolines")]
    [TestCase("energy-vs-voltage")]
    [TestCase("energy-vs-frequency")]
    [TestCase("breakdown")]
    [TestCase("speedup")]
    [TestCase("layout")]
    public void A_modelled_table_is_the_committed_one(string id)
    {
        var table = TableCatalog.Named([id]).Single();
        var record = TableRecord.Of(table, table.Make(new TableContext(Budget.Quick, _models, CancellationToken.None)), Budget.Quick.Name);
        var committed = Path.Combine(DataFolder.Path(".."), "docs", "results", "reproduce", id, TableRecord.CsvFile);
        Assert.That(Encoding.UTF8.GetString(record.ToCsv()), Is.EqualTo(File.ReadAllText(committed)), $"drift reproduce {id} --quick makes it again");
    }

    [Test]
    public void A_record_comes_back_from_its_json()
    {
        var table = TableCatalog.Named(["breakdown"]).Single();
        var record = TableRecord.Of(table, table.Make(new TableContext(Smallest, _models, CancellationToken.None)), Smallest.Name);
        var back = ResultJson.Read<TableRecord>(ResultJson.Write(record));
        Assert.That(back.ToCsv(), Is.EqualTo(record.ToCsv()));
        Assert.That(back.Claims, Is.EqualTo(record.Claims));
        Assert.That(back.Columns, Is.EqualTo(record.Columns));
    }

    /// <summary>Every number of the files of quoted figures.</summary>
    private static HashSet<double> Quoted { get; } = [.. from folder in new[] { "paper", "operating-points", "energy" }
                                                        from file in Directory.EnumerateFiles(DataFolder.Path(folder), "*.csv")
                                                        from line in File.ReadLines(file)
                                                        from Match number in Number().Matches(line)
                                                        select double.Parse(number.Value, CultureInfo.InvariantCulture)];

    [GeneratedRegex(@"(?<=^|,)-?\d+(\.\d+)?([eE][-+]?\d+)?(?=,|$)")]
    private static partial Regex Number();
}
