using System.Globalization;
using System.Net;
using System.Text;

namespace Drift.Bench;

/// <summary>report.html: one file that needs no network, with charts, pictures, and the table to sort and to filter.</summary>
internal static class ReportPage
{
    /// <summary>Name of the file in a campaign's folder.</summary>
    public const string FileName = "report.html";

    /// <summary>The page.</summary>
    /// <param name="plan">The campaign.</param>
    /// <param name="states">One a cell.</param>
    /// <param name="summary">What it says as a whole.</param>
    /// <param name="charts">Its charts.</param>
    /// <param name="sheet">Pictures at the knee, as PNG.</param>
    public static byte[] Write(CampaignPlan plan, IReadOnlyList<CellState> states, CampaignSummary summary, IReadOnlyList<CampaignChart> charts, byte[] sheet)
    {
        var page = new StringBuilder();
        var title = $"Resilience of {plan.Model} over {string.Join(", ", plan.Axes.Select(axis => axis.Name))}";
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{Text(title)}</title>\n<style>{Style}</style></head>\n<body><main>\n<h1>{Text(title)}</h1>\n");
        foreach (var line in summary.Lines(plan))
            page.Append(CultureInfo.InvariantCulture, $"<p>{Text(line)}</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p>Measured here: {plan.Steps} steps, guidance {plan.Guidance}, {Text(plan.Outputs)} outputs, {Text(string.Join(", ", plan.Fixed.Select(value => $"{value.Key} {value.Value}")))}. Plan {summary.Plan}, model files {plan.ModelDigest}. PSNR is held at 60 dB at most. One trial again: <code>drift replay DIR --cell ID --trial N</code>.</p>\n");
        foreach (var chart in charts)
            Figure(page, chart.Title, chart.Png);
        Figure(page, "Pictures at the knee, where the first metric turns down among the cells from best to worst, with the cells around it", sheet);
        Table(page, plan, states);
        page.Append(CultureInfo.InvariantCulture, $"</main>\n<script>{Script}</script>\n</body></html>\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static void Figure(StringBuilder page, string title, byte[] png) =>
        page.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{Text(title)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\"><figcaption>{Text(title)}</figcaption></figure>\n");

    private static void Table(StringBuilder page, CampaignPlan plan, IReadOnlyList<CellState> states)
    {
        page.Append("<h2>Cells</h2>\n<p><label>Filter <input id=\"filter\" type=\"search\" placeholder=\"step 0-4\"></label> <span id=\"shown\" role=\"status\"></span></p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cells\"><table id=\"cells\"><thead><tr>");
        foreach (var name in (string[])["cell", .. plan.Axes.Select(axis => axis.Name), "trials", "flips", .. plan.Metrics.SelectMany(metric => new[] { metric, $"{metric} low", $"{metric} high" })])
            page.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\"><button type=\"button\">{Text(name)}</button></th>");
        page.Append("</tr></thead><tbody>\n");
        for (var cell = 0; cell < states.Count; cell++)
        {
            var state = states[cell];
            string[] fields = [CellsCsv.IdOf(cell), .. plan.ValuesOf(cell), $"{state.Count}", $"{state.Faults}",
                .. Enumerable.Range(0, plan.Metrics.Count).Select(state.Interval).SelectMany(interval => new[] { Number(interval.Mean), Number(interval.Low), Number(interval.High) })];
            var words = string.Join(' ', plan.Axes.Zip(plan.ValuesOf(cell), (axis, value) => $"{axis.Name} {value}"));
            page.Append(CultureInfo.InvariantCulture, $"<tr data-words=\"{Text(words)}\">{string.Concat(fields.Select(field => $"<td>{Text(field)}</td>"))}</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.###", CultureInfo.InvariantCulture) : "";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfb; --line: #cfcfc8; --mark: #0b57d0 }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e6e1; --paper: #17181a; --line: #44464a; --mark: #8ab4f8 } }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
        main { max-width: 60rem; margin: 0 auto; padding: 1rem }
        figure { margin: 1.5rem 0 } img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line) } figcaption { font-size: .9rem }
        .wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums } th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: right; white-space: nowrap }
        th button { all: unset; cursor: pointer; font-weight: 600 } th button:focus-visible, input:focus-visible, .wide:focus-visible { outline: 2px solid var(--mark) }
        th[aria-sort=ascending] button::after { content: " \2191" } th[aria-sort=descending] button::after { content: " \2193" }
        input { font: inherit; padding: .25rem .5rem } code { overflow-wrap: anywhere }
        """;

    private const string Script = """
        (() => {
          const table = document.getElementById('cells'), body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
          const filter = document.getElementById('filter'), shown = document.getElementById('shown');
          const show = () => {
            const words = filter.value.toLowerCase();
            let count = 0;
            for (const row of rows) { row.hidden = !(row.dataset.words + ' ' + row.cells[0].textContent).toLowerCase().includes(words); count += row.hidden ? 0 : 1; }
            shown.textContent = count + ' of ' + rows.length + ' cells';
          };
          const key = (row, i) => { const text = row.cells[i].textContent, number = parseFloat(text); return isNaN(number) ? text : number; };
          heads.forEach((head, i) => head.firstChild.addEventListener('click', () => {
            const down = head.getAttribute('aria-sort') === 'ascending';
            heads.forEach(other => other.removeAttribute('aria-sort'));
            head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
            rows.sort((a, b) => { const x = key(a, i), y = key(b, i); return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1); }).forEach(row => body.append(row));
          }));
          filter.addEventListener('input', show);
          show();
        })();
        """;
}
