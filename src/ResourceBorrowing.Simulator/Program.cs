return await ResourceBorrowing.Simulator.Commands.CommandLine.RunAsync(args);
