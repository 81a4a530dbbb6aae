using Microsoft.Extensions.Options;

namespace ResourceBorrowing.DependencyInjection;

/// <summary>The rules that concern one value each, generated from the attributes of the options.</summary>
[OptionsValidator]
internal sealed partial class ResourcePoolOptionsValidator : IValidateOptions<ResourcePoolOptions>;
