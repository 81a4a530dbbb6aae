using Microsoft.Extensions.Options;

namespace ResourceBorrowing.DependencyInjection;

/// <summary>The rules that concern several values together, at start and at every reload.</summary>
internal sealed class ResourcePoolQuotaValidator : IValidateOptions<ResourcePoolOptions>
{
    public ValidateOptionsResult Validate(string? name, ResourcePoolOptions options)
    {
        var faults = QuotaPlan.Faults(options);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
