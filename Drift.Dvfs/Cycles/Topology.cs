using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Drift.Kernels;

namespace Drift.Dvfs;

/// <summary>Layers in SCALE-Sim's topology files: a header, then a layer a line, each line with a comma at its end.</summary>
public static class Topology
{
    private const int Largest = 1 << 24;

    /// <summary>Up to here cycles and accesses are exact in 64 bits, on whatever array.</summary>
    private const long MostMacs = 1L << 60;

    /// <summary>
    /// Reads a topology. Four columns are products: name, M, N, K. Eight are convolutions: name, input height and width, filter height and width, channels, filters, stride.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not like that; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<ArrayLayer> Load(string path)
    {
        using var reader = new StreamReader(path);
        using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture) { TrimOptions = TrimOptions.Trim, BadDataFound = null });
        var columns = parser.Read() ? Filled(parser.Record!) : 0;
        if (columns is not (4 or 8) || parser.Record!.Skip(1).Take(columns - 1).All(field => int.TryParse(field, CultureInfo.InvariantCulture, out _)))
        {
            throw new InvalidDataException($"{path}, line 1: expected the header of a topology: Layer, M, N, K, "
                + "or Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,");
        }

        var layers = new List<ArrayLayer>();
        while (parser.Read())
        {
            var line = new Line(path, parser.RawRow, parser.Record!, columns);
            layers.Add(columns == 4 ? line.Product() : line.Convolution());
        }

        return layers.Count > 0 ? layers : throw new InvalidDataException($"{path}, line {parser.RawRow}: expected at least one layer below the header");
    }

    private static int Filled(string[] fields) => fields.Length - fields.Reverse().TakeWhile(field => field.Length == 0).Count();

    private readonly ref struct Line
    {
        private readonly string _path;
        private readonly int _number;
        private readonly string[] _fields;

        public Line(string path, int number, string[] fields, int columns)
        {
            (_path, _number, _fields) = (path, number, fields);
            if (Filled(fields) != columns)
                throw Wrong($"{columns} fields as in the header, not {Filled(fields)}");
        }

        public ArrayLayer Product()
        {
            var (m, n, k) = (Number(1, "M"), Number(2, "N"), Number(3, "K"));
            RequireMacs(m, n, k);
            return new ArrayLayer(_fields[0], new GemmShape(m, n, k));
        }

        public ArrayLayer Convolution()
        {
            var window = new ConvolutionWindow(
                Number(1, "IFMAP Height"), Number(2, "IFMAP Width"), Number(3, "Filter Height"), Number(4, "Filter Width"), Number(5, "Channels"), Number(7, "Strides"));
            if (window.FilterHeight > window.Height || window.FilterWidth > window.Width)
                throw Wrong($"a filter of at most {window.Height} x {window.Width}, the input, not {window.FilterHeight} x {window.FilterWidth}");
            var (pixels, size, filters) = ((long)window.OutputHeight * window.OutputWidth, (Int128)window.FilterHeight * window.FilterWidth * window.Channels, Number(6, "Num Filter"));
            if (pixels > int.MaxValue || size > int.MaxValue)
                throw Wrong($"at most {int.MaxValue} output pixels and elements under the filter, not {pixels} and {size}");
            RequireMacs(pixels, filters, size);
            return ArrayLayer.Of(_fields[0], window, filters);
        }

        private void RequireMacs(Int128 m, Int128 n, Int128 k)
        {
            if (m * n * k > MostMacs)
                throw Wrong($"at most 2^60 multiply-accumulates, not {m} x {n} x {k}");
        }

        private int Number(int column, string name) =>
            int.TryParse(_fields[column], NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= Largest
                ? value
                : throw Wrong($"a whole number from 1 to {Largest} as {name}, not '{_fields[column]}'");

        private InvalidDataException Wrong(string expected) => new($"{_path}, line {_number}: expected {expected}");
    }
}
