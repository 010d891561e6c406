using System.CommandLine;
using System.CommandLine.Parsing;
using Drift.Models;

namespace Drift.Bench;

/// <summary>The options of caching: which blocks are forecast, and when.</summary>
internal sealed class CacheArguments
{
    /// <summary>The word for no caching.</summary>
    public const string None = "none";

    /// <summary>The option that the others go with.</summary>
    public const string Name = "--cache";

    private static readonly IReadOnlyDictionary<string, ForecastForm> Forms =
        new Dictionary<string, ForecastForm> { ["taylorseer"] = ForecastForm.Taylor, ["newton"] = ForecastForm.Newton };

    private readonly Option<string> _cache = Declare.Choice(Name, "Forecast the blocks between the steps that compute them", None, [None, .. Forms.Keys]);
    private readonly Option<int> _interval = Declare.Number("--cache-interval", "Steps from one that computes the blocks to the next", FeatureCache.PaperInterval, 1, 1000);
    private readonly Option<int> _order = Declare.Number("--cache-order", "Highest order of differences in a forecast; 0 reuses the last feature", FeatureCache.PaperOrder, 0, 8);

    /// <summary>Declares the options on a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _cache, _interval, _order })
            command.Options.Add(option);
    }

    /// <summary>Reads them.</summary>
    /// <returns>Null for no caching.</returns>
    /// <exception cref="UserErrorException">A setting of a cache without one.</exception>
    public FeatureCache? Bind(ParseResult parsed)
    {
        if (Forms.TryGetValue(parsed.GetRequiredValue(_cache), out var form))
            return new FeatureCache(parsed.GetValue(_interval), parsed.GetValue(_order), form);
        foreach (var option in new Option[] { _interval, _order })
        {
            if (parsed.GetResult(option) is OptionResult { Implicit: false })
                throw new UserErrorException($"{option.Name}: there is no cache; expected --cache {string.Join(" or ", Forms.Keys)} beside it");
        }

        return null;
    }
}
