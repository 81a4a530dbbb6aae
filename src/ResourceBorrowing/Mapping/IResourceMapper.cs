namespace ResourceBorrowing.Mapping;

/// <summary>Translates a participant's units into a real resource: threads, permits, a rate, a budget.</summary>
/// <remarks>
/// Attach one with <see cref="ResourcePool.Attach"/>, or let the host do it with <c>AddMapper&lt;T&gt;("name")</c>. A mapper whose
/// resource is in use while units are in use acquires those units from the participant and keeps no count of its own.
/// </remarks>
public interface IResourceMapper
{
    /// <summary>Tells how many units the participant may use from now on: once when attached, then after every change, of what its units stand for as well.</summary>
    /// <param name="participant">Whose units.</param>
    /// <param name="allocation">The allocation now, from 0. When it is below what is in use, let that drain; cut nothing off.</param>
    /// <remarks>
    /// Called on the thread pool, outside all locks, one call at a time for a participant and in order; changes that come
    /// faster than calls end are skipped, the latest never. An exception is contained, counted and logged, and the
    /// mapper is told again: after 100 ms first, then after twice as long each time, up to 12.8 s, or at the next change.
    /// </remarks>
    void OnAllocationChanged(Participant participant, int allocation);
}
