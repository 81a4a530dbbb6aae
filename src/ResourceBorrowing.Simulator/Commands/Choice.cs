using System.CommandLine;
using System.Globalization;

namespace ResourceBorrowing.Simulator.Commands;

/// <summary>Options as all commands have them: what is wrong is said before anything is done.</summary>
internal static class Choice
{
    /// <summary>A number within bounds.</summary>
    internal static Option<T> Number<T>(string name, string description, T least, T most, T? unless = null) where T : struct, IComparable<T>, IParsable<T>, IFormattable
    {
        string Text(T value) => value.ToString(null, CultureInfo.InvariantCulture);
        var option = new Option<T>(name)
        {
            Description = $"{description}, {Text(least)} to {Text(most)}.",
            HelpName = "N",
            CustomParser = result =>
            {
                var text = result.Tokens is [var token] ? token.Value : "";
                // A comma would count as nothing: 0,5 would be 5.
                if (!text.Contains(',') && T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0) return value;
                result.AddError($"{name} must be a number from {Text(least)} to {Text(most)}, not '{text}'.");
                return default;
            },
        };
        if (unless is { } value) option.DefaultValueFactory = _ => value;
        return option;
    }

    /// <summary>One of the names of an enumeration, in lower case.</summary>
    internal static Option<T> OneOf<T>(string name, string description) where T : struct, Enum =>
        OneOf(name, description, Enum.GetValues<T>(), static value => value.ToString().ToLowerInvariant());

    /// <summary>One of several things that have names.</summary>
    internal static Option<T> OneOf<T>(string name, string description, IReadOnlyList<T> all, Func<T, string> nameOf)
    {
        var names = all.Select(nameOf).ToList();
        return new(name)
        {
            Description = description,
            HelpName = string.Join('|', names),
            CustomParser = result =>
            {
                var text = result.Tokens is [var token] ? token.Value : "";
                var place = names.IndexOf(text);
                if (place >= 0) return all[place];
                result.AddError($"{name} must be one of {string.Join(", ", names)}, not '{text}'.");
                return default;
            },
        };
    }
}
