using System.Net;

namespace ResourceBorrowing.Mapping;

/// <summary>
/// Has an <see cref="HttpClient"/> send and receive bodies no faster than a <see cref="BandwidthBudget"/> allows:
/// <c>services.AddHttpClient("exports").AddHttpMessageHandler(() => new ThrottledHttpHandler(budget))</c>. Several clients may share a budget.
/// </summary>
/// <remarks>Headers are not counted. With <see cref="HttpCompletionOption.ResponseHeadersRead"/> the response is read at the bandwidth as the caller reads it, else before the caller sees it. Thread-safe.</remarks>
/// <param name="budget">The bandwidth; not disposed with the handler.</param>
public sealed class ThrottledHttpHandler(BandwidthBudget budget) : DelegatingHandler
{
    private readonly BandwidthBudget _budget = budget ?? throw new ArgumentNullException(nameof(budget));

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        // A request may be sent again, by whoever retries: it is not throttled twice.
        if (request.Content is not null and not ThrottledContent) request.Content = new ThrottledContent(request.Content, _budget);
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        response.Content = new ThrottledContent(response.Content, _budget);
        return response;
    }

    private sealed class ThrottledContent : HttpContent
    {
        private readonly HttpContent _content;
        private readonly BandwidthBudget _budget;

        internal ThrottledContent(HttpContent content, BandwidthBudget budget)
        {
            (_content, _budget) = (content, budget);
            foreach (var (name, values) in content.Headers.NonValidated) Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var throttled = _budget.Throttle(stream, leaveOpen: true);
            await using (throttled.ConfigureAwait(false)) await _content.CopyToAsync(throttled, context, cancellationToken).ConfigureAwait(false);
        }

        protected override async Task<Stream> CreateContentReadStreamAsync() => _budget.Throttle(await _content.ReadAsStreamAsync().ConfigureAwait(false));

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            _budget.Throttle(await _content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? 0;
            return _content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _content.Dispose();
            base.Dispose(disposing);
        }
    }
}
