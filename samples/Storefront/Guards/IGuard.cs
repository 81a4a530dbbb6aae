namespace Storefront.Guards;

/// <summary>Lets a request in, lets it wait, or turns it away.</summary>
internal interface IGuard
{
    /// <exception cref="OperationCanceledException">Nothing became free in time.</exception>
    ValueTask<Admission> EnterAsync(int subsystem, CancellationToken cancellationToken);
}
