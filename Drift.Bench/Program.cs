using Drift.Bench;

return await DriftCommand.Run(args, new CommandBodies(Comparison.Run, Generation.Run, DecodingCampaign.Run, Campaign.Run), Console.Out, Console.Error);
