using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Storefront.Shop;

/// <summary>What the subsystems do: a little real work each, then an event that must be on disk before the answer goes out.</summary>
internal sealed class Handlers(Journal journal, HttpClient http)
{
    /// <summary>Bytes into which recommendations read prices.</summary>
    internal const int BufferSize = 1 << 16;

    private const int PixelRows = 96;

    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    private readonly Product[] _products = Product.Assortment(1000);

    /// <summary>Where recommendations ask for prices: another endpoint of this host, through its sockets.</summary>
    internal Uri? PriceService { get; set; }

    internal Task<object> RunAsync(int subsystem) => Subsystem.All[subsystem].Name switch
    {
        "checkout" => CheckoutAsync(),
        "search" => SearchAsync(),
        "recommendations" => RecommendAsync(),
        "reports" => ReportAsync(),
        "catalog" => ListAsync(),
        "images" => ScaleImageAsync(),
        "notifications" => NotifyAsync(),
        _ => CountStockAsync(),
    };

    /// <summary>Prices of a few products, as JSON.</summary>
    internal Dictionary<int, decimal> Prices() => Pick(20).ToDictionary(static p => p.Id, static p => p.Price);

    private async Task<object> CheckoutAsync()
    {
        var basket = Pick(5);
        var total = basket.Sum(static p => p.Price) * 1.2m;
        var order = JsonSerializer.SerializeToUtf8Bytes(new { Id = Guid.NewGuid(), Lines = basket, Total = total });
        var receipt = Convert.ToHexString(HMACSHA256.HashData(Secret, order));
        await journal.CommitAsync(order);
        return new { total, receipt };
    }

    private async Task<object> SearchAsync()
    {
        var word = _products[Random.Shared.Next(_products.Length)].Name.Split(' ')[1];
        var found = _products.Where(p => p.Name.Contains(word, StringComparison.Ordinal)).OrderBy(static p => p.Price).Take(20).ToArray();
        await journal.CommitAsync(Encoding.UTF8.GetBytes(word));
        return found.Select(static p => new { p.Id, p.Name, p.Price });
    }

    private async Task<object> RecommendAsync()
    {
        var taste = _products[Random.Shared.Next(_products.Length)].Taste;
        var prices = await AskForPricesAsync();
        var best = prices.Keys.Select(id => _products[id])
            .OrderByDescending(p => p.Taste.Zip(taste, static (a, b) => a * b).Sum()).Take(5)
            .Select(p => new { p.Id, p.Name, Price = prices[p.Id] }).ToArray();
        await journal.CommitAsync(JsonSerializer.SerializeToUtf8Bytes(best));
        return best;
    }

    private async Task<Dictionary<int, decimal>> AskForPricesAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var answer = await http.GetStreamAsync(PriceService);
            var read = await answer.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false);
            return JsonSerializer.Deserialize<Dictionary<int, decimal>>(buffer.AsSpan(0, read))!;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<object> ReportAsync()
    {
        var sales = new double[4000];
        for (var i = 0; i < sales.Length; i++) sales[i] = Random.Shared.NextDouble();
        Array.Sort(sales);
        var report = new { Median = sales[sales.Length / 2], Top = sales[^20..] };
        await journal.CommitAsync(JsonSerializer.SerializeToUtf8Bytes(report));
        return report;
    }

    private async Task<object> ListAsync()
    {
        var page = Pick(30);
        await journal.CommitAsync(JsonSerializer.SerializeToUtf8Bytes(page));
        return page.Select(static p => new { p.Id, p.Name, p.Price, p.Stock });
    }

    private async Task<object> ScaleImageAsync()
    {
        var pixels = new byte[PixelRows * PixelRows];
        Random.Shared.NextBytes(pixels);
        var small = new byte[pixels.Length / 4];
        for (var i = 0; i < small.Length; i++)
        {
            var corner = i / (PixelRows / 2) * 2 * PixelRows + i % (PixelRows / 2) * 2;
            small[i] = (byte)((pixels[corner] + pixels[corner + 1] + pixels[corner + PixelRows] + pixels[corner + PixelRows + 1]) / 4);
        }

        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(small);
        await journal.CommitAsync(packed.ToArray());
        return new { Pixels = small.Length, Bytes = packed.Length };
    }

    private async Task<object> NotifyAsync()
    {
        var text = new StringBuilder();
        foreach (var product in Pick(10)) text.Append("Back in stock: ").Append(product.Name).Append(" for ").Append(product.Price).Append('\n');
        var message = Encoding.UTF8.GetBytes(text.ToString());
        await journal.CommitAsync(message);
        return new { Length = message.Length, Signature = Convert.ToHexString(HMACSHA256.HashData(Secret, message)) };
    }

    private async Task<object> CountStockAsync()
    {
        var low = _products.GroupBy(static p => p.Name.Split(' ')[1]).Select(static g => new { Kind = g.Key, Stock = g.Sum(static p => p.Stock) })
            .OrderBy(static g => g.Stock).ToArray();
        await journal.CommitAsync(JsonSerializer.SerializeToUtf8Bytes(low));
        return low;
    }

    private Product[] Pick(int count)
    {
        var first = Random.Shared.Next(_products.Length - count);
        return _products[first..(first + count)];
    }
}
