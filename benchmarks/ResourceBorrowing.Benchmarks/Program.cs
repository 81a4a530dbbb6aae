using ResourceBorrowing.Benchmarks.Comparisons;
using ResourceBorrowing.Benchmarks.Gates;

// Each command in a method of its own: a start-up child must not load what the others need.
return args switch
{
    ["gates", .. var rest] => GateCommand.Run(rest),
    [StartupGate.Child, var variant] => StartupChild.Run(variant),
    _ => Comparison.Run(args),
};
