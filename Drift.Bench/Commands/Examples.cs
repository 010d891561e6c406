namespace Drift.Bench;

/// <summary>The examples at the end of each command's help, by the command as it is typed after <c>drift</c>.</summary>
internal static class Examples
{
    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> All = new Dictionary<string, IReadOnlyList<string>>
    {
        [""] = ["drift compare", "drift generate --classes bag,sneaker --images 8", "drift reproduce --quick"],
        ["compare"] = ["drift compare --voltage 0.65 --rows nominal,rollback,drift", "drift compare --model sd-emoji --images 4 --out results/emoji", "drift compare --rows rollback@0.675,decode@0.65 --against rollback@0.675"],
        ["generate"] = ["drift generate --classes bag,sneaker --images 8", "drift generate --model pixart-emoji --prompt \"dog face\" --images 4"],
        ["verify"] = ["drift verify data/fixtures", "drift verify data/fixtures/faults --backend reference"],
        ["quality"] = ["drift quality reference.png other.png", "drift quality FOLDER_A FOLDER_B --json quality.json"],
        ["model"] = ["drift model dit-fashion", "drift model pixart-emoji --text-tokens 120 --all"],
        ["skeleton"] = ["drift skeleton dit-xl-2-512 --out /tmp/dit-xl", "drift skeleton pixart-xl-2-1024 --text-layers 2 --out /tmp/pixart"],
        ["devices"] = ["drift devices"],
        ["bench"] = ["drift bench --quick", "drift bench --backend ilgpu-cuda", "drift bench gemm --rivals"],
        ["bench gemm"] = ["drift bench gemm --quick", "drift bench gemm --rivals --threads 1 --json gemm.json", "drift bench gemm --type int8 --layers pixart,sd15"],
        ["bench roofline"] = ["drift bench roofline --quick --out roofline.png"],
        ["bench abft"] = ["drift bench abft --quick"],
        ["bench faults"] = ["drift bench faults --quick"],
        ["bench offload"] = ["drift bench offload --images 9"],
        ["bench decode"] = ["drift bench decode --codes plain,weighted"],
        ["bench sweep"] = ["drift bench sweep --json sweep.json", "drift bench sweep --protection rollback --rounds 3"],
        ["bench conv"] = ["drift bench conv --rivals"],
        ["bench attention"] = ["drift bench attention --rivals"],
        ["bench norms"] = ["drift bench norms --rivals"],
        ["decode"] = ["drift decode --images 4 --voltages 0.675,0.65 --codes plain", "drift decode --model pixart-emoji"],
        ["plan"] = ["drift plan --model dit-fashion --budget \"psnr>=paper\" --out results/plan", "drift plan --budget \"ssim>=0.98\" --codes decode,rollback --images 4"],
        ["sweep"] = ["drift sweep --over step,block --ci 0.5dB --out results/blocks", "drift sweep --over bit --rates 1e-3 --trials 20 --dry-run"],
        ["replay"] = ["drift replay results/blocks --cell c00042"],
        ["ranges"] = ["drift ranges --model sd-emoji --csv ranges.csv"],
        ["cycles"] = ["drift cycles --config array.cfg --topology layers.csv --out reports"],
        ["isolines"] = ["drift isolines --error-model path-delay --out isolines.png"],
        ["layout"] = ["drift layout --out layout.png"],
        ["trace"] = ["drift trace --steps 12 --out results/trace", "drift trace --rows rollback --memory ddr5"],
        ["interval"] = ["drift interval --images 8 --intervals 2,5,10"],
        ["quantise-report"] = ["drift quantise-report --model sd-emoji --images 1"],
        ["checksum"] = ["drift checksum bounds --products 1000", "drift checksum faults --trials 200"],
        ["checksum bounds"] = ["drift checksum bounds --products 1000 --trials 100"],
        ["checksum faults"] = ["drift checksum faults --rate 1e-3 --trials 200"],
        ["abft"] = ["drift abft --type int8 --rate 3e-3 --trials 100000", "drift abft --type fp32 --detector v-abft --flip 3,5,20 --trials 100"],
        ["reproduce"] = ["drift reproduce --quick", "drift reproduce breakdown speedup --out results/energy", "drift reproduce --full"],
        ["completion"] = ["source <(drift completion bash)", "drift completion zsh > ~/.zfunc/_drift", "drift completion pwsh | Out-String | Invoke-Expression"],
    };

    /// <summary>A command's examples.</summary>
    /// <param name="name">As it is typed after <c>drift</c>; empty for <c>drift</c> itself.</param>
    public static IReadOnlyList<string> Of(string name) => All.GetValueOrDefault(name, []);
}
