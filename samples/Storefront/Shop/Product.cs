namespace Storefront.Shop;

/// <summary>Something the shop sells.</summary>
internal sealed record Product(int Id, string Name, decimal Price, int Stock, double[] Taste)
{
    internal const int Tastes = 16;

    private static readonly string[] Kinds = ["lamp", "chair", "kettle", "scarf", "clock", "bowl", "tent", "radio"];
    private static readonly string[] Looks = ["red", "oak", "tiny", "folding", "quiet", "brass", "striped", "plain"];

    /// <summary>The same assortment every time.</summary>
    internal static Product[] Assortment(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(id => new Product(
            id,
            $"{Looks[random.Next(Looks.Length)]} {Kinds[random.Next(Kinds.Length)]} no. {id}",
            random.Next(100, 20_000) / 100m,
            random.Next(0, 500),
            [.. Enumerable.Range(0, Tastes).Select(_ => random.NextDouble())]))];
    }
}
