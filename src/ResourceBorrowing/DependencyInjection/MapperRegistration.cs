namespace ResourceBorrowing.DependencyInjection;

/// <summary>A mapper that the host builds when it starts, so that a wrong one fails then.</summary>
internal sealed record MapperRegistration(string Participant, Type Mapper);
