using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Drift.Bench;
using NUnit.Framework;

namespace Drift.Tests.Bench;

/// <summary>The report in a browser. Skipped where there is no Chromium: its layout cannot be had without one.</summary>
internal sealed partial class ReportPageTests
{
    private const string Probe = """
        <script>
        const errors = []; addEventListener("error", e => errors.push(e.message || "resource"), true);
        addEventListener("load", () => document.title = `${document.documentElement.scrollWidth} ${innerWidth} ${[...document.images].filter(i => i.complete && i.naturalWidth > 0 && i.alt).length} ${document.images.length} ${errors.length} ${parseInt(getComputedStyle(document.body).backgroundColor.split("(")[1])} ${Math.max(...[...document.querySelectorAll("table")].map(t => t.scrollWidth - t.parentElement.clientWidth))} ${[...document.querySelectorAll("table")].filter(t => !t.checkVisibility()).length}`);
        </script>
        """;

    private const int White = 255, Paper = 794;

    /// <summary>On paper, 794 px wide at 96 a inch, every row shows, nothing is cut off, and the ground is white whatever the reader likes on a screen.</summary>
    [TestCase(1280, "light")]
    [TestCase(390, "light")]
    [TestCase(390, "dark")]
    [TestCase(Paper, "printed from a dark screen")]
    public async Task The_page_fits_the_window_and_every_picture_is_there(int width, string look)
    {
        var printed = width == Paper;
        var chromium = new[] { "chromium", "chromium-browser", "google-chrome" }.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (chromium is null)
            Assert.Ignore("no Chromium on the PATH (Debian: chromium)");
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            var run = Path.Combine(folder, "run");
            Assert.That((await Invocation.Of(["reproduce", "breakdown", "energy-vs-frequency", "--out", run])).ExitCode, Is.Zero);
            var page = Path.Combine(run, "probe.html");
            File.WriteAllText(page, File.ReadAllText(Path.Combine(run, Reproduction.Html)).Replace("<head>", $"<head>{Probe}", StringComparison.Ordinal).Replace("@media print", printed ? "@media all" : "@media print", StringComparison.Ordinal));
            var start = new ProcessStartInfo(chromium, [.. look == "light" ? Array.Empty<string>() : ["--force-dark-mode"], "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", $"--user-data-dir={Path.Combine(folder, "profile")}", $"--window-size={width},900", "--dump-dom", $"file://{page}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var browser = Process.Start(start)!;
            var (dom, _) = (browser.StandardOutput.ReadToEndAsync(), browser.StandardError.ReadToEndAsync());
            await browser.WaitForExitAsync();
            var seen = Title().Match(await dom).Groups.Values.Skip(1).Select(group => int.Parse(group.Value, CultureInfo.InvariantCulture)).ToList();
            Assert.That(seen, Has.Count.EqualTo(8), await dom);
            Assert.That(seen[0], Is.LessThanOrEqualTo(seen[1]), "nothing is wider than the window");
            Assert.That((seen[2], seen[4]), Is.EqualTo((seen[3], 0)), "pictures shown, errors");
            Assert.That(seen[5] == White, Is.EqualTo(look != "dark"), "the ground");
            Assert.That(seen[7], printed ? Is.Zero : Is.Positive, "rows folded away");
            if (printed)
                Assert.That(seen[6], Is.Zero, "columns beyond the paper");
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [GeneratedRegex(@"<title>(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)</title>")]
    private static partial Regex Title();
}
