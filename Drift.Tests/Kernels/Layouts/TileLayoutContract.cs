using Drift.Kernels;
using NUnit.Framework;

namespace Drift.Tests;

/// <summary>What every registered layout must keep.</summary>
[TestFixtureSource(nameof(Names))]
public sealed class TileLayoutContract(string name)
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 100), (100, 1), (32, 32), (64, 96), (33, 65), (7, 40), (128, 31)];

    public static IEnumerable<string> Names => TileLayouts.Names;

    [Test]
    public void PlacesAreAOneToOneMap([Values(1, 5, 8, 32, 256)] int tile)
    {
        var layout = TileLayouts.Open(name, tile);
        foreach (var (rows, columns) in Shapes)
        {
            var places = from row in Enumerable.Range(0, rows) from column in Enumerable.Range(0, columns) select layout.Offset(rows, columns, row, column);
            Assert.That(places.Order(), Is.EqualTo(Enumerable.Range(0, rows * columns)), $"{rows} x {columns}");
        }
    }

    [Test]
    public void RunsLieOneAfterTheOther([Values(1, 5, 32)] int tile)
    {
        var layout = TileLayouts.Open(name, tile);
        foreach (var (rows, columns) in Shapes)
        {
            for (var column = 0; column < columns; column++)
            {
                var run = layout.Run(columns, column);
                Assert.That(run, Is.InRange(1, columns - column));
                for (var i = 1; i < run; i++)
                    Assert.That(layout.Offset(rows, columns, rows - 1, column + i), Is.EqualTo(layout.Offset(rows, columns, rows - 1, column) + i));
            }
        }
    }

    [Test]
    public void ALayoutThatRepacksKeepsATileInOnePiece([Values(5, 32)] int tile)
    {
        var layout = TileLayouts.Open(name, tile);
        if (!layout.Repacks)
            Assert.Pass();
        foreach (var (rows, columns) in Shapes)
        {
            for (var top = 0; top < rows; top += tile)
            {
                for (var left = 0; left < columns; left += tile)
                {
                    var (height, width) = (Math.Min(tile, rows - top), Math.Min(tile, columns - left));
                    var places = (from row in Enumerable.Range(top, height) from column in Enumerable.Range(left, width) select layout.Offset(rows, columns, row, column)).ToList();
                    Assert.That(places, Is.EqualTo(Enumerable.Range(places[0], height * width)), "rows of a tile one after the other");
                }
            }
        }
    }

    [Test]
    public void ItIsRegisteredUnderItsName()
    {
        Assert.That(TileLayouts.Open(name, 32).Name, Is.EqualTo(name));
        Assert.Throws<ArgumentException>(() => TileLayouts.Open($"{name}?", 32));
    }
}
