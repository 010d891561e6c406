using Drift.Dvfs;
using NUnit.Framework;

namespace Drift.Tests.Dvfs;

/// <summary>What is wrong with a data file is said in one line: file, line, what was expected.</summary>
internal sealed class BadFileTests
{
    private const string Points = "volts,gigahertz,rate_per_element,source\n";
    private string _path = "";

    [SetUp]
    public void Name() => _path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.csv");

    [TearDown]
    public void Delete() => File.Delete(_path);

    [TestCase("", 1, "volts,gigahertz")]
    [TestCase("volts,gigahertz\n0.9,2\n", 1, "volts,gigahertz and one of rate_per_element, rate_per_bit, rate_per_mac")]
    [TestCase("volts,gigahertz,rate_per_bit,rate_per_mac\n0.9,2,0,0\n", 1, "one of rate_per_element, rate_per_bit, rate_per_mac")]
    [TestCase("volts,rate_per_element\n0.9,2\n", 1, "gigahertz is missing")]
    [TestCase("volts,gigahertz,rate_per_day\n0.9,2,0\n", 1, "one of rate_per_element")]
    [TestCase("volts,gigahertz,rate_per_mac\n0.9,2,1.2\n", 2, "from 0 to 1 as rate_per_mac")]
    [TestCase(Points, 2, "at least one row")]
    [TestCase("volts,gigahertz,rate_per_element,rate_per_element\n0.7,2,1e-3,0.5\n", 1, "each column once; rate_per_element is there twice")]
    [TestCase("volts,gigahertz,rate_per_element\n0.7,2,0,001\n", 2, "at most 3 fields, one a column, not 4")]
    [TestCase(Points + "0.8,2,1e-4,x\n0.7,2,1e-3,x\n", 3, "rows ascend by volts")]
    [TestCase(Points + "0.8,2,1e-4,x\n0.8,2,1e-4,x\n", 3, "without duplicates")]
    [TestCase(Points + "# a remark\n\n0.8,2,-1e-4,x\n", 4, "a number from 0 to 1 as rate_per_element, not '-1e-4'")]
    [TestCase(Points + "0.8,2,1.01,x\n", 2, "a number from 0 to 1")]
    [TestCase(Points + "0.8,2,NaN,x\n", 2, "a number from 0 to 1")]
    [TestCase(Points + "0.8,2,,x\n", 2, "not ''")]
    [TestCase(Points + "0.8,2\n", 2, "not ''")]
    [TestCase(Points + "-0.8,2,0,x\n", 2, "a number above 0 as volts, not '-0.8'")]
    [TestCase(Points + "0.8,0,0,x\n", 2, "a number above 0 as gigahertz")]
    [TestCase(Points + "0.8,Infinity,0,x\n", 2, "a finite number as gigahertz")]
    [TestCase(Points + "0.8,two,0,x\n", 2, "not 'two'")]
    [TestCase(Points + "0.8,2.5,0,x\n", 2, "a point at 0.9 V or at 2 GHz")]
    [TestCase(Points + "0.8,2,1e-4,x\n0.9,2,1e-3,x\n", 3, "never rises with the voltage")]
    [TestCase(Points + "0.9,2,1e-4,x\n0.9,2.5,1e-5,x\n", 3, "never falls with the clock")]
    [TestCase(Points + "0.8,\"2\n3\",0,x\n", 3, "not '2 3'")]
    [TestCase(Points + "0.8,2,1e-4,\"x\" y\n", 2, "well-formed CSV")]
    public void OperatingPoints(string text, int line, string expected) => Fails(() => TabulatedErrors.Load(_path), text, line, expected);

    [TestCase("quantity,value\nint8_mac,1\n", 1, "unit is missing")]
    [TestCase("quantity,value,value,unit\nint8_mac,0.16,0.2,pJ\n", 1, "each column once; value is there twice")]
    [TestCase("quantity,value,unit\nint8_mac,0.16,pJ,1\n", 2, "at most 3 fields, one a column, not 4")]
    [TestCase("quantity,value,unit\nint8_mac,0.16,nJ\n", 2, "pJ as the unit of int8_mac, not 'nJ'")]
    [TestCase("quantity,value,unit\nint8_mac,0.16,pJ\nint8_mac,0.17,pJ\n", 3, "int8_mac once")]
    [TestCase("quantity,value,unit\nint8_mac,0,pJ\n", 2, "above 0")]
    [TestCase("quantity,value,unit\nint8_mac,-0.16,pJ\n", 2, "above 0 as value, not '-0.16'")]
    [TestCase("quantity,value,unit\nint8_mac,,pJ\n", 2, "not ''")]
    [TestCase("quantity,value,unit\nint8_mac,0.16\n", 2, "pJ as the unit of int8_mac, not ''")]
    [TestCase("quantity,value,unit\nsram,1,pJ\n", 2, "one of int8_mac in pJ, dram_byte in pJ/B, sram_byte in pJ/B")]
    [TestCase("quantity,value,unit\narray_leakage,33,W\n", 2, "mW as the unit of array_leakage")]
    [TestCase("quantity,value,unit\nregulator_settling,-1,ns/V\n", 2, "a number of at least 0 as value, not '-1'")]
    [TestCase("quantity,value,unit\nregulator_loss,Infinity,nJ/V2\n", 2, "of at least 0")]
    public void Energies(string text, int line, string expected) => Fails(() => EnergyModel.Load(_path), text, line, expected);

    [Test]
    public void AnEnergyThatIsMissing()
    {
        File.WriteAllText(_path, "quantity,value,unit\nint8_mac,0.16,pJ\n");
        Assert.That(Assert.Throws<InvalidDataException>(() => EnergyModel.Load(_path))!.Message, Does.StartWith(_path).And.Contain("dram_byte in pJ/B"));
    }

    [TestCase("quantity,value,unit\nchannels,2,\nchannels,2,\n", 3, "once each")]
    [TestCase("quantity,value,unit\nranks,2,\n", 2, "row_cycle in ns")]
    [TestCase("quantity,value,unit\nrow,1024,KiB\n", 2, "row in B")]
    [TestCase("quantity,value,unit\nbanks,2.5,\n", 2, "a whole number as banks, not '2.5'")]
    [TestCase("quantity,value,unit\nclosed_rows,2,\n", 2, "a number from 0 to 1")]
    [TestCase("quantity,value,unit\nrow_cycle,0,ns\n", 2, "above 0")]
    public void Memories(string text, int line, string expected) => Fails(() => DramGeometry.Load(_path), text, line, expected);

    [TestCase("quantity,value,unit\nchannels,2,\n", "a row banks")]
    [TestCase("quantity,value,unit\nchannels,1,\nbanks,1,\nrow,100,B\nburst,64,B\nclosed_rows,0,\nmasked_writes,0,\nrow_cycle,1,ns\nburst_time,1,ns\n", "whole bursts")]
    [TestCase("quantity,value,unit\nchannels,1048576,\nbanks,2,\nrow,64,B\nburst,64,B\nclosed_rows,0,\nmasked_writes,0,\nrow_cycle,1,ns\nburst_time,1,ns\n", "at most 1048576 banks of all channels, not 1048576 x 2")]
    public void AMemoryThatIsIncomplete(string text, string expected)
    {
        File.WriteAllText(_path, text);
        Assert.That(Assert.Throws<InvalidDataException>(() => DramGeometry.Load(_path))!.Message, Does.StartWith(_path).And.Contain(expected));
    }

    [TestCase("model,compute_to_memory\na,1\na,2\n", 3, "a model that no other row names, not 'a'")]
    [TestCase("model,compute_to_memory\na,x\n", 2, "above 0")]
    public void Mixes(string text, int line, string expected) => Fails(() => PaperMix.Load(_path), text, line, expected);

    [TestCase("bit,weight\n", 2, "at least one row")]
    [TestCase("bit\n3\n", 1, "weight is missing")]
    [TestCase("bit,weight\n3,1\n2,1\n", 3, "bits ascend without duplicates")]
    [TestCase("bit,weight\n3,1\n3,1\n", 3, "a whole bit from 4 to 31")]
    [TestCase("bit,weight\n2.5,1\n", 2, "a whole bit")]
    [TestCase("bit,weight\n3,0,5\n", 2, "at most 2 fields, one a column, not 3")]
    [TestCase("bit,weight\n32,1\n", 2, "from 0 to 31 as bit, not '32'")]
    [TestCase("bit,weight\n3,-1\n", 2, "as weight, not '-1'")]
    [TestCase("bit,weight\n3,\n", 2, "as weight, not ''")]
    [TestCase("bit,weight\n3,0\n4,0\n", 3, "at least one weight above 0")]
    public void BitWeights(string text, int line, string expected) => Fails(() => TabulatedBits.Load(_path), text, line, expected);

    [Test]
    public void WeightsOfTheUsersOwn()
    {
        File.WriteAllText(_path, "bit,weight\n3,1\n30,2\n");
        var weights = TabulatedBits.Load(_path).WeightsAt(OperatingPoint.Nominal);
        Assert.That((weights.Count, weights[3], weights[30], weights.Sum()), Is.EqualTo((31, 1.0, 2.0, 3.0)));
    }

    [Test]
    public void ATableWithoutErrors()
    {
        File.WriteAllText(_path, Points + "0.8,2,0,x\n0.9,2,0,x\n");
        Assert.That(Assert.Throws<InvalidDataException>(() => PathDelayFit.To(_path))!.Message, Does.StartWith(_path).And.Contain("a rate above 0 at one of its 2 points"));
    }

    [Test]
    public void AFileThatIsAbsent() => Assert.Throws<FileNotFoundException>(() => TabulatedErrors.Load(_path));

    [Test]
    public void AFileOfTheUsersOwn()
    {
        File.WriteAllText(_path, "# my chip\n rate_per_element , volts,gigahertz\n0.5,0.5,2\n0,0.9,2\n");
        IErrorRates table = TabulatedErrors.Load(_path);
        Assert.That(table.At(OperatingPoint.Of(.7, 2)).Value, Is.EqualTo(.25).Within(1e-12));
        Assert.That(Assert.Throws<OperatingPointException>(() => table.At(OperatingPoint.Of(.95, 2)))!.Message, Does.Contain("0.5..0.9 V at 2 GHz"));
    }

    [TestCase("\uFEFFvolts,gigahertz,rate_per_element\r\n0.5,2,0.5\r\n0.9,2,0\r\n")]
    [TestCase("\"volts\",\"gigahertz\",\"rate_per_element\"\n\"0.5\",\"2\",\"0.5\"\n\"0.9\",\"2\",\"0\"\n")]
    [TestCase("volts,gigahertz,rate_per_element,\n0.5,2,0.5,,\n0.9,2,0,\n")]
    public void WhatSpreadsheetsWrite(string text)
    {
        File.WriteAllText(_path, text);
        Assert.That(((IErrorRates)TabulatedErrors.Load(_path)).At(OperatingPoint.Of(.5, 2)).Value, Is.EqualTo(.5));
    }

    private void Fails(Action load, string text, int line, string expected)
    {
        File.WriteAllText(_path, text);
        var error = Assert.Throws<InvalidDataException>(() => load());
        Assert.That(error!.Message, Does.StartWith($"{_path}, line {line}: expected ").And.Contain(expected).And.Not.Contain("\n"));
    }
}
