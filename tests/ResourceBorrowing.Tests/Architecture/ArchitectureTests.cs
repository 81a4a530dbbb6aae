using System.Reflection;

namespace ResourceBorrowing.Tests.Architecture;

/// <summary>The arrows of the house point one way.</summary>
public class ArchitectureTests
{
    private const string Root = "ResourceBorrowing";

    [Theory]
    [InlineData("Permits", "")]
    [InlineData("Market", "")]
    [InlineData("Loans", "Permits Market")]
    [InlineData("Reputation", "")]
    [InlineData("Stability", "")]
    [InlineData("Forecasting", "")]
    [InlineData("Balancing", "Permits")]
    public void Folder_Knows_OnlyWhatLiesBelowIt(string folder, string allowed)
    {
        var permitted = allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(folder).Select(static f => $"{Root}.{f}").ToHashSet();
        // A refusal reason is a plain value.
        var wrong = from type in Types().Where(t => t.Namespace == $"{Root}.{folder}")
                    from known in KnownTo(type)
                    where known.Assembly == type.Assembly && known.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true
                        && !permitted.Contains(known.Namespace) && !known.IsEnum
                    select $"{type.Name} knows {known.FullName}";
        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void Type_NotForUsers_IsInternal()
    {
        string[] forUsers =
        [
            "Loan", "LendingConsent", "LoanEvaluation", "LoanOffer", "LoanPhase", "LoanRequest", "LoanStatus", "LoanTerms", "PoolEvent", "PoolEventKind", "PoolMode", "TrackedLease",
            "Participant", "ParticipantOptions", "ParticipantSnapshot", "PoolSnapshot", "RefusalReason", "ResourceLease", "ResourcePool", "ResourcePoolOptions", "ResourceRequest",
            "IResourceMapper", "ParticipantConcurrencyLimiter", "ParticipantSemaphore", "DedicatedThreads", "DedicatedThreadsOptions", "BoundedWork`1", "BoundedWorkOptions`1", "ResourceBundle", "ParticipantTokenBucketLimiter", "TokenBucketOptions", "ParticipantPartitionedLimiter`1", "BandwidthBudget", "BandwidthOptions", "ThrottledHttpHandler", "MemoryBudget", "MemoryReservation", "OperationCosts",
            "ResourceAmounts", "ResourceNeeds", "ResourceUnitOptions", "ResourceBorrowingDiagnostics", "ResourceBorrowingHealthChecksBuilderExtensions", "AdditiveReputationPolicy", "Evidence", "EvidenceSource",
            "IReputationPolicy", "ReputationRecord", "BetaReputationPolicy", "Dealings", "Opinion", "ReportReason", "ReportResult", "ReputationChange", "ReputationExplanation", "ReputationOptions", "ReputationSource", "ResourceBorrowingBuilder", "ResourceBorrowingServiceCollectionExtensions",
            "BalanceReport", "BalancingMode", "BalancingOptions", "DemandPeriod", "ForecastingOptions", "ParticipantBalance", "ParticipantForecast",
            "Marketplace", "MarketplaceOptions", "MarketOrder", "MarketOrderKind", "MarketOrderStatus", "MarketException", "MarketError", "MarketReport", "IMarketMechanism", "MarketRound", "MarketParticipant", "MarketBid",
            "MarketOffer", "MarketTransfer", "CreditTransfer", "MarketOutcome", "UniformPriceAuction", "Karma", "CreditReason", "CreditEntry", "CreditStatement",
            "IDemandForecaster", "DemandQuantiles", "DemandTarget", "SeasonalForecaster", "IStabilitySignal", "StabilityOptions", "StabilityReading", "StabilityReport",
        ];
        Assert.Equal(forUsers.Order(StringComparer.Ordinal), typeof(ResourcePool).Assembly.GetExportedTypes().Select(static t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Type_ThatSaysNothing_DoesNotExist()
    {
        string[] empty = ["Helper", "Util", "Manager", "Common"];
        Assert.DoesNotContain(Types(), t => empty.Any(word => t.Name.Contains(word, StringComparison.Ordinal)));
    }

    [Fact]
    public void Class_NotMadeForInheritance_IsSealed()
    {
        Assert.DoesNotContain(Types(), static t => t is { IsClass: true, IsAbstract: false, IsSealed: false });
    }

    private static IEnumerable<Type> Types() =>
        typeof(ResourcePool).Assembly.GetTypes().Where(static t => t.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true && !t.Name.Contains('<', StringComparison.Ordinal) && !t.Name.StartsWith("__", StringComparison.Ordinal));

    private static IEnumerable<Type> KnownTo(Type type)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var fields = type.GetFields(All).Select(static f => f.FieldType);
        var methods = type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)).ToArray();
        var parameters = methods.SelectMany(static m => m.GetParameters()).Select(static p => p.ParameterType);
        var results = methods.OfType<MethodInfo>().Select(static m => m.ReturnType);
        var locals = methods.Select(static m => m.GetMethodBody()).SelectMany(static b => b?.LocalVariables ?? []).Select(static l => l.LocalType);
        return fields.Concat(parameters).Concat(results).Concat(locals).Append(type.BaseType ?? typeof(object)).SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
}
