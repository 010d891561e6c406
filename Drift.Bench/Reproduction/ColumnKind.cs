namespace Drift.Bench;

/// <summary>Where a column's numbers come from. No column mixes two.</summary>
internal enum ColumnKind
{
    /// <summary>What a row is about: a name, a rate, a voltage.</summary>
    Setting,

    /// <summary>A figure of a paper, from data/paper.</summary>
    Quoted,

    /// <summary>What the paper's own formula gives.</summary>
    ClosedForm,

    /// <summary>What a model of Drift's gives: the ledger over true shapes, an error model.</summary>
    Modelled,

    /// <summary>What a run here gave.</summary>
    Measured,
}

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name in CSV, without its kind.</param>
/// <param name="Title">Its heading for people, with the unit.</param>
/// <param name="Kind">Where its numbers come from.</param>
/// <param name="HasInterval">Whether each number has a 95 % interval, which takes two more columns of the CSV.</param>
internal sealed record Column(string Name, string Title, ColumnKind Kind, bool HasInterval = false)
{
    /// <summary>What a row is about.</summary>
    public static Column Setting(string name, string title) => new(name, title, ColumnKind.Setting);

    /// <summary>A quoted figure.</summary>
    public static Column Quoted(string name, string title) => new(name, title, ColumnKind.Quoted);

    /// <summary>The paper's own formula.</summary>
    public static Column ClosedForm(string name, string title) => new(name, title, ColumnKind.ClosedForm);

    /// <summary>A model of Drift's.</summary>
    public static Column Modelled(string name, string title) => new(name, title, ColumnKind.Modelled);

    /// <summary>A run here.</summary>
    public static Column Measured(string name, string title, bool hasInterval = false) => new(name, title, ColumnKind.Measured, hasInterval);

    /// <summary>A kind in words, as headings have it.</summary>
    public static string Words(ColumnKind kind) => kind switch
    {
        ColumnKind.Quoted => "quoted",
        ColumnKind.ClosedForm => "closed form",
        ColumnKind.Modelled => "modelled",
        ColumnKind.Measured => "measured here",
        _ => "",
    };

    /// <summary>Whether its numbers differ from run to run, as times do: such a column stands in the report and not in the CSV.</summary>
    public bool Varies { get; init; }

    /// <summary>Names in CSV: the kind is part of them.</summary>
    public IEnumerable<string> CsvNames()
    {
        if (Varies)
            return [];
        var name = Kind == ColumnKind.Setting ? Name : $"{Name}_{Words(Kind).Replace(' ', '_')}";
        return HasInterval ? [name, $"{name}_low", $"{name}_high"] : [name];
    }
}
