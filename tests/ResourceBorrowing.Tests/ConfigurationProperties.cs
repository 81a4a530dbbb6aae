using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Options;
using ResourceBorrowing.DependencyInjection;

namespace ResourceBorrowing.Tests;

public class ConfigurationProperties
{
    [Fact]
    public void Fault_EachOne_IsNamedInOneMessage()
    {
        var options = new ResourcePoolOptions { Capacity = 10, GracePeriod = TimeSpan.FromSeconds(-1), DefaultTerm = TimeSpan.Zero };
        options.AddParticipant("", 1);
        options.AddParticipant("twice", 1);
        options.AddParticipant("twice", 1);
        options.AddParticipant(new string('x', 129), 1);
        options.AddParticipant("tab\there", 1);
        options.AddParticipant("negative", -1);
        options.AddParticipant("lender", 2, static p => p.LendingLimit = 3);
        options.AddParticipant("both", 2, static p => p.Shares = 3);
        options.AddParticipant("nan", 2, static p => p.GrantThreshold = double.NaN);
        options.AddParticipant("order", 2, static p => p.QueueOrder = (System.Threading.RateLimiting.QueueProcessingOrder)7);
        options.AddParticipant("(reserve)", int.MaxValue);
        options.AddParticipant("(retired)", 1);
        options.Participants.Add(new ParticipantOptions { Name = "neither" });
        options.Participants.Add(null!);

        var message = Assert.Throws<OptionsValidationException>(() => new ResourcePool(options)).Message;
        string[] expected =
        [
            "Participants[0].Name field is required", "('twice'): Name is taken", "Participants[3].Name must be a string with a maximum length of 128", "tab?here",
            "control characters", "Participants[5].NominalQuota must be between 0 and 2147483647", "LendingLimit 3 is above NominalQuota 2", "not both",
            "GrantThreshold must be", "QueueOrder is invalid", "('(reserve)'): Name is taken by the pool itself", "('(retired)'): Name is taken by the pool itself", "not neither", "is null", "above the Capacity of 10",
            "GracePeriod must be", "DefaultTerm must be",
        ];
        Assert.All(expected, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void LendingLimit_AboveWhatSharesGive_IsAFault()
    {
        var options = new ResourcePoolOptions { Capacity = 30 };
        options.AddParticipant("s", static p => (p.Shares, p.LendingLimit) = (1, 11));
        options.AddParticipant("t", static p => p.Shares = 2);
        Assert.Contains("LendingLimit 11 is above the 10 units that Shares 1 give", Assert.Throws<OptionsValidationException>(() => new ResourcePool(options)).Message, StringComparison.Ordinal);

        // But nobody is kept from joining by it.
        options.Participants[0].LendingLimit = 10;
        using var pool = new ResourcePool(options);
        pool.Add(new ParticipantOptions { Name = "u", Shares = 3 });
        Assert.Equal((5, 0), (pool["s"].NominalQuota, pool["s"].Floor));
    }

    [Property(MaxTest = 1_000, Arbitrary = [typeof(Configurations)])]
    public void AnyValues_AreSoundToThePredicateAsToTheAttributes(ResourcePoolOptions options) =>
        Assert.Equal(new ResourcePoolOptionsValidator().Validate(null, options).Succeeded, ResourcePoolValueValidator.IsSound(options));

    [Property(MaxTest = 500, Arbitrary = [typeof(Configurations)])]
    public void AnyConfiguration_IsRefusedByNameOrMakesALawfulPool(ResourcePoolOptions options)
    {
        ResourcePool pool;
        try
        {
            pool = new ResourcePool(options);
        }
        catch (OptionsValidationException exception)
        {
            Assert.NotEmpty(exception.Failures);
            Assert.All(exception.Failures, static fault => Assert.False(string.IsNullOrWhiteSpace(fault)));
            return;
        }

        using (pool)
        {
            TestPool.AssertAtRest(pool);
            foreach (var participant in pool.Participants)
            {
                Assert.InRange(participant.Floor, 0, participant.NominalQuota);
                Assert.InRange(participant.Ceiling, participant.NominalQuota, pool.Capacity);
                if (participant.NominalQuota > 0) participant.TryAcquire(participant.NominalQuota).Dispose();
            }

            TestPool.AssertAtRest(pool);
        }
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(Configurations)])]
    public void AnyReconfigurationInUse_IsRefusedWholeOrKeepsEveryLaw(ResourcePoolOptions first, ResourcePoolOptions second)
    {
        ResourcePool pool;
        try
        {
            pool = new ResourcePool(first);
        }
        catch (OptionsValidationException)
        {
            return;
        }

        using (pool)
        {
            var leases = pool.Participants.Where(static p => p.NominalQuota > 0).Select(static p => p.TryAcquire(Math.Max(1, p.NominalQuota * 2 / 3))).ToList();
            var before = pool.Snapshot().ToString();
            try
            {
                pool.Reconfigure(second);
            }
            catch (OptionsValidationException)
            {
                Assert.Equal(before, pool.Snapshot().ToString());
            }

            TestPool.AssertLaws(pool);
            leases.ForEach(static l => l.Dispose());
            TestPool.AssertAtRest(pool);
        }
    }

    public static class Configurations
    {
        private static readonly string[] Names = ["a", "b", "c", "d", "e", "A", " ", "", "x\n", "(reserve)", new('n', 128), new('n', 129)];

        public static Arbitrary<ResourcePoolOptions> Options() => (
            from capacity in Number(mostly: 20)
            from reserve in Gen.Frequency((6, Gen.Choose(0, 5)), (1, Number(mostly: 5)))
            from count in Gen.Choose(0, 5)
            from participants in Gen.ArrayOf(Participant(), count)
            select Fill(new ResourcePoolOptions { Capacity = capacity, Reserve = reserve }, participants)).ToArbitrary();

        private static Gen<ParticipantOptions> Participant() =>
            from name in Gen.Frequency((20, Gen.Elements(Names[..6])), (1, Gen.Elements(Names)))
            from kind in Gen.Frequency((6, Gen.Constant(0)), (6, Gen.Constant(1)), (1, Gen.Constant(2)))
            from quota in Number(mostly: 6)
            from shares in Number(mostly: 4)
            from lending in Gen.OneOf(Gen.Constant<int?>(null), Number(mostly: 3).Select(static n => (int?)n))
            from queue in Gen.OneOf(Gen.Constant<int?>(null), Number(mostly: 9).Select(static n => (int?)n))
            from order in Gen.Frequency((30, Gen.Choose(0, 1)), (1, Gen.Choose(-1, 3)))
            from threshold in Gen.Frequency((30, Gen.Constant(40.0)), (2, Gen.Elements(0, 100, -0.001, 100.001, double.PositiveInfinity)))
            from borrowing in Gen.OneOf(Gen.Constant<int?>(null), Number(mostly: 3).Select(static n => (int?)n))
            select new ParticipantOptions
            {
                Name = name,
                NominalQuota = kind != 1 ? quota : null,
                Shares = kind != 0 ? shares : null,
                LendingLimit = lending,
                BorrowingLimit = borrowing,
                QueueLimit = queue,
                QueueOrder = (System.Threading.RateLimiting.QueueProcessingOrder)order,
                GrantThreshold = threshold,
            };

        private static Gen<int> Number(int mostly) => Gen.Frequency(
            (40, Gen.Choose(1, mostly)),
            (2, Gen.Constant(0)),
            (1, Gen.Elements(-1, int.MinValue, int.MaxValue, int.MaxValue - 1)));

        private static ResourcePoolOptions Fill(ResourcePoolOptions options, ParticipantOptions[] participants)
        {
            foreach (var participant in participants) options.Participants.Add(participant);
            return options;
        }
    }
}
