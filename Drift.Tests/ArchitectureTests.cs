using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using ArchUnitNET.NUnit;
using Drift.Abft;
using Drift.Bench;
using Drift.Dvfs;
using Drift.Kernels;
using Drift.Models;
using NUnit.Framework;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;
using Type = System.Type;

namespace Drift.Tests;

/// <summary>ARCHITECTURE.md's arrows and rules. Each rule has a twin that shows it failing on something that breaks it.</summary>
public sealed partial class ArchitectureTests
{
    private const int MostLines = 400;
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Project[] Projects =
    [
        new("Drift.Kernels", typeof(GemmShape).Assembly),
        new("Drift.Abft", typeof(Finding).Assembly, "Drift.Kernels"),
        new("Drift.Dvfs", typeof(OperatingPoint).Assembly, "Drift.Kernels"),
        new("Drift.Models", typeof(DiffusionPipeline).Assembly, "Drift.Kernels", "Drift.Abft", "Drift.Dvfs"),
        new("Drift.Bench", typeof(DriftCommand).Assembly, "Drift.Kernels", "Drift.Abft", "Drift.Dvfs", "Drift.Models"),
    ];

    private static readonly Lazy<Architecture> Loaded = new(() => new ArchLoader().LoadAssemblies([.. Assemblies]).Build());

    /// <summary>Those of all projects but this one.</summary>
    internal static IEnumerable<Assembly> Assemblies => Projects.Select(project => project.Assembly);

    private static string Root => Path.GetFullPath(DataFolder.Path(".."));

    public static IEnumerable<TestCaseData> ForbiddenArrows() =>
        from project in Projects
        from other in Projects
        where other != project && !project.MayUse.Contains(other.Name)
        select new TestCaseData(project, other).SetArgDisplayNames(project.Name, other.Name);

    [TestCaseSource(nameof(ForbiddenArrows))]
    public void Arrows_that_are_not_allowed_do_not_exist(Project from, Project to)
    {
        Uses(from, to).Check(Loaded.Value);
        Assert.That(ProjectReferences(from), Does.Not.Contain(to.Name), "a written reference counts, used or not");
    }

    [Test]
    public void An_arrow_that_exists_is_seen()
    {
        Project models = Projects[3], abft = Projects[1];
        Assert.That(Uses(models, abft).HasNoViolations(Loaded.Value), Is.False);
        Assert.That(ProjectReferences(models), Does.Contain(abft.Name));
    }

    [TestCase("Networks")]
    [TestCase("Samplers")]
    public void What_a_network_or_sampler_knows_ends_at_the_GEMM_seam(string folder) => KnowsNeitherSumsNorVolts(folder).Check(Loaded.Value);

    [Test]
    public void A_folder_that_knows_more_is_seen() => Assert.That(KnowsNeitherSumsNorVolts("Execution").HasNoViolations(Loaded.Value), Is.False);

    [Test]
    public void Device_and_assembler_types_do_not_leave_the_kernels() => Assert.That(Exposed(typeof(GemmShape).Assembly, "ILGPU", "ILGPU.Algorithms", "Iced"), Is.Empty);

    [Test]
    public void A_type_that_leaves_an_assembly_is_seen() => Assert.That(Exposed(typeof(Finding).Assembly, "Drift.Kernels"), Does.Contain("Drift.Abft.IDetectionRule.Judge"));

    [Test]
    public void There_are_no_mutable_statics() => Assert.That(Projects.SelectMany(project => MutableStatics(project.Assembly.GetTypes())), Is.Empty);

    [Test]
    public void A_mutable_static_is_seen() => Assert.That(MutableStatics([typeof(Breaking)]).Count(), Is.EqualTo(2), "a field and a property");

    [Test]
    public void Files_stay_short() => Assert.That(LongerThan(MostLines), Is.Empty);

    [Test]
    public void A_long_file_is_seen() => Assert.That(LongerThan(200), Does.Contain("Drift.Models/Networks/AutoencoderKL.cs"));

    [Test]
    public void Nothing_is_named_after_having_no_name() => Assert.That(
        Sources().SelectMany(path => path.Split('/', '.')).Concat(Projects.SelectMany(project => project.Assembly.GetTypes()).Select(type => type.Name)).Distinct().Where(IsVague), Is.Empty);

    [TestCase("Utils", true)]
    [TestCase("TensorHelpers", true)]
    [TestCase("CommonMath", true)]
    [TestCase("IsHelperOf", true)]
    [TestCase("Commonwealth", false)]
    [TestCase("Utilised", false)]
    public void A_name_that_says_nothing_is_seen(string name, bool vague) => Assert.That(IsVague(name), Is.EqualTo(vague));

    private static TypesShouldConjunctionWithDescription Uses(Project from, Project to) => Types().That().ResideInAssembly(from.Assembly).Should().NotDependOnAnyTypesThat().ResideInAssembly(to.Assembly)
        .Because($"{from.Name} may use {(from.MayUse.Length == 0 ? "no other project" : string.Join(", ", from.MayUse))}");

    private static IEnumerable<string> ProjectReferences(Project project) =>
        from reference in XDocument.Load(Path.Combine(Root, project.Name, $"{project.Name}.csproj")).Descendants("ProjectReference")
        select Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));

    /// <summary>All of Drift.Models is one namespace, so a type's folder is told by the source file that declares it.</summary>
    private static TypesShouldConjunctionWithDescription KnowsNeitherSumsNorVolts(string folder)
    {
        var declared = Directory.EnumerateFiles(Path.Combine(Root, "Drift.Models", folder), "*.cs")
            .SelectMany(file => Declaration().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.That(declared, Is.Not.Empty);
        return Types().That().ResideInAssembly(Projects[3].Assembly).And()
            .FollowCustomPredicate(type => declared.Contains(type.FullName.Split('.')[^1].Split('+', '`', '/')[0]), $"are declared in {folder}/")
            .Should().NotDependOnAnyTypesThat().ResideInAssembly(Projects[1].Assembly, Projects[2].Assembly)
            .Because("a network or sampler computes through IGemmUnit and knows nothing else of how");
    }

    /// <summary>Members that others can see and whose types, or type arguments, come from one of some assemblies.</summary>
    private static IEnumerable<string> Exposed(Assembly assembly, params string[] origins)
    {
        return from type in assembly.GetTypes().Where(type => type.IsVisible)
               from seen in Seen(type)
               where Parts(seen.Type).Any(part => origins.Contains(part.Assembly.GetName().Name))
               select $"{type.FullName}.{seen.Member}";

        static IEnumerable<(string Member, Type Type)> Seen(Type type) =>
        [
            .. new[] { type.BaseType }.OfType<Type>().Concat(type.GetInterfaces()).Select(above => (above.Name, above)),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(field => (field.Name, field.FieldType)),
            .. from method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
               where method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly
               from used in method.GetParameters().Select(parameter => parameter.ParameterType).Append((method as MethodInfo)?.ReturnType ?? typeof(void))
                   .Concat(method.IsGenericMethod ? method.GetGenericArguments() : [])
               select (method.Name, used),
        ];

        static IEnumerable<Type> Parts(Type type) => type.HasElementType ? Parts(type.GetElementType()!)
            : type.IsGenericParameter ? type.GetGenericParameterConstraints().Where(constraint => !constraint.ContainsGenericParameters).SelectMany(Parts)
            : type.IsGenericType ? type.GetGenericArguments().Where(argument => !argument.IsGenericParameter).SelectMany(Parts).Append(type.GetGenericTypeDefinition())
            : [type];
    }

    /// <summary>The caches of lambdas live in types that the compiler makes; a static property's field lives in the property's own type and counts.</summary>
    private static IEnumerable<string> MutableStatics(IEnumerable<Type> types) =>
        from type in types
        where !IsGenerated(type)
        from field in type.GetFields(Declared)
        where field is { IsStatic: true, IsInitOnly: false, IsLiteral: false }
        select $"{type.FullName}.{field.Name}";

    private static bool IsGenerated(Type? type) => type is not null && (type.IsDefined(typeof(CompilerGeneratedAttribute)) || IsGenerated(type.DeclaringType));

    private static IEnumerable<string> LongerThan(int lines) => Sources().Where(path => File.ReadLines(Path.Combine(Root, path)).Count() > lines);

    /// <summary>Source files of all projects, tests included, as paths from the root.</summary>
    private static IEnumerable<string> Sources() =>
        from project in Directory.EnumerateDirectories(Root, "Drift.*")
        from file in Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Root, file).Replace('\\', '/')
        where !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal)
        select path;

    private static bool IsVague(string name) => Vague().IsMatch(name);

    [GeneratedRegex(@"^[ \t]*(?:\w+ )*(?:class|struct|interface|enum|record(?: class| struct)?) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex("(?:Util|Utils|Utility|Utilities|Helper|Helpers|Common)(?![a-z])")]
    private static partial Regex Vague();

    /// <summary>A project and the others that it may use.</summary>
    public sealed record Project(string Name, Assembly Assembly, params string[] MayUse);

    private static class Breaking
    {
        private static int _count;

        public static string Last { get; set; } = "";

        public static int Next() => ++_count;
    }
}
