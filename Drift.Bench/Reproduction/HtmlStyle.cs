namespace Drift.Bench;

/// <summary>The look of the report: light and dark, from a phone to paper.</summary>
internal static class HtmlStyle
{
    /// <summary>The style sheet.</summary>
    public const string Sheet = """
        :root { --ground: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --tint: #f4f6f8; --link: #0a58b0; --yes: #1a7f37; --shape: #8a6100; --no: #b3261e; --open: #57606a; }
        @media (prefers-color-scheme: dark) { :root { --ground: #161a20; --ink: #dfe3ea; --soft: #9aa4b1; --line: #343a44; --tint: #1e232b; --link: #7ab7ff; --yes: #57c878; --shape: #e3b341; --no: #ff8179; --open: #9aa4b1; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; scroll-margin-top: 1rem; }
        p, li { max-width: 76ch; overflow-wrap: anywhere; } a { color: var(--link); } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        .reading { border-left: 4px solid var(--line); padding-left: 1rem; }
        nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
        small { color: var(--soft); display: block; font-weight: normal; font-size: .8rem; }
        .verdict { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; white-space: nowrap; }
        .yes { color: var(--yes); } .shape { color: var(--shape); } .no { color: var(--no); } .open { color: var(--open); }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; color: var(--soft); padding: .25rem 0; }
        th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums; }
        th { vertical-align: bottom; } th.setting, td.setting, .claims th, .claims td { text-align: left; }
        td.quoted, th.quoted { background: var(--tint); }
        .figures { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; flex: 1 1 30rem; max-width: 40rem; min-width: 0; } img { width: 100%; height: auto; display: block; }
        .rules { padding-left: 0; list-style: none; } .rules li { margin: .5rem 0; } .source { color: var(--soft); font-size: .9rem; }
        code { background: var(--tint); padding: .1rem .3rem; border-radius: .25rem; } summary { cursor: pointer; padding: .5rem 0; }
        @media (max-width: 40rem) {
          .claims thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
          .claims tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; } .claims td { display: block; border: 0; padding: .1rem 0; overflow-wrap: anywhere; }
          .claims td:not(:empty)::before { content: attr(data-label) ": "; color: var(--soft); } .claims td:empty { display: none; }
        }
        @media print { :root { --ground: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #f2f2f2; --link: #000; --yes: #000; --shape: #000; --no: #000; --open: #000; } nav { display: none; } main { max-width: none; padding: 0; } section { break-inside: auto; } figure, tr { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: .6rem; } th, td { padding: .15rem .2rem; overflow-wrap: anywhere; } th small, td small { font-size: .5rem; } details::details-content { content-visibility: visible; display: block; } summary { display: none; } }
        """;
}
