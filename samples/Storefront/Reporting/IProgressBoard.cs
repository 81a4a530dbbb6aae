namespace Storefront.Reporting;

/// <summary>Where a person sees what goes on: on standard error.</summary>
internal interface IProgressBoard
{
    Task<T> WatchAsync<T>(string title, double seconds, Task<T> work);
}
