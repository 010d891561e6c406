using Drift.Bench;

var bodies = new CommandBodies(
    static (_, _) => throw new UserErrorException("compare: this build has no pipeline"),
    static (_, _) => throw new UserErrorException("generate: this build has no pipeline"));
return await DriftCommand.Run(args, bodies, Console.Out, Console.Error);
