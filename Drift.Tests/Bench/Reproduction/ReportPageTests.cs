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
        addEventListener("load", () => document.title = `${document.documentElement.scrollWidth} ${innerWidth} ${[...document.images].filter(i => i.complete && i.naturalWidth > 0 && i.alt).length} ${document.images.length} ${errors.length}`);
        </script>
        """;

    [TestCase(1280)]
    [TestCase(390)]
    public async Task The_page_fits_the_window_and_every_picture_is_there(int width)
    {
        var chromium = new[] { "chromium", "chromium-browser", "google-chrome" }.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (chromium is null)
            Assert.Ignore("no Chromium on the PATH (Debian: chromium)");
        var folder = Directory.CreateTempSubdirectory("drift-").FullName;
        try
        {
            var run = Path.Combine(folder, "run");
            Assert.That((await Invocation.Of(["reproduce", "breakdown", "--out", run])).ExitCode, Is.Zero);
            var page = Path.Combine(run, "probe.html");
            File.WriteAllText(page, File.ReadAllText(Path.Combine(run, Reproduction.Html)).Replace("<head>", $"<head>{Probe}", StringComparison.Ordinal));
            var start = new ProcessStartInfo(chromium, ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", $"--user-data-dir={Path.Combine(folder, "profile")}", $"--window-size={width},900", "--dump-dom", $"file://{page}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var browser = Process.Start(start)!;
            var (dom, _) = (browser.StandardOutput.ReadToEndAsync(), browser.StandardError.ReadToEndAsync());
            await browser.WaitForExitAsync();
            var seen = Title().Match(await dom).Groups.Values.Skip(1).Select(group => int.Parse(group.Value, CultureInfo.InvariantCulture)).ToList();
            Assert.That(seen, Has.Count.EqualTo(5), await dom);
            Assert.That(seen[0], Is.LessThanOrEqualTo(seen[1]), "nothing is wider than the window");
            Assert.That((seen[2], seen[4]), Is.EqualTo((seen[3], 0)), "pictures shown, errors");
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [GeneratedRegex(@"<title>(\d+) (\d+) (\d+) (\d+) (\d+)</title>")]
    private static partial Regex Title();
}
