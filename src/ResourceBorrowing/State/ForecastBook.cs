using ResourceBorrowing.Forecasting;

namespace ResourceBorrowing.State;

/// <summary>Saves what forecasters have learnt, and the other way round: all of it is taken up by new forecasters before any old one goes.</summary>
internal static class ForecastBook
{
    /// <summary>What a forecaster throws is contained, and leaves that one out.</summary>
    internal static SavedForecast[] Save(ResourcePool pool)
    {
        var saved = new List<SavedForecast>();
        foreach (var participant in pool.Participants)
        {
            if (participant.Demand is not { Forecast: { } forecast, ForecastKind: { } kind }) continue;
            try
            {
                var (state, outcomes) = forecast.Save();
                saved.Add(new(participant.Name, kind, state, outcomes));
            }
            catch (Exception exception)
            {
                pool.Contain("forecaster", exception);
            }
        }

        return [.. saved];
    }

    /// <summary>New forecasters that have taken up what was saved, of the participants there are; what is of another kind of forecaster is left out.</summary>
    /// <exception cref="InvalidDataException">One of them does not take it.</exception>
    internal static List<(Participant Participant, DemandForecast Forecast, string Kind)> Load(SavedState state, ResourcePool pool, DateTimeOffset at)
    {
        var (loaded, names) = (new List<(Participant, DemandForecast, string)>(), new HashSet<string>(StringComparer.Ordinal));
        var forecasting = pool.Forecasting;
        foreach (var saved in state.Forecasts ?? [])
        {
            if (saved is null) throw StateFormat.Wrong("an entry in it is null");
            if (!names.Add(saved.Name)) throw StateFormat.Wrong($"'{saved.Name}' is in it twice");
            if (saved.Outcomes.Length > AlarmRecord.Remembered) throw StateFormat.Wrong($"the forecast of '{saved.Name}' remembers more alarms than can be");
            if (!forecasting.IsEnabled || !pool.TryGetParticipant(saved.Name, out var participant)) continue;
            try
            {
                var forecaster = forecasting.Make(saved.Name);
                if (forecasting.KindOf(forecaster) != saved.Kind) continue;
                var forecast = new DemandForecast(forecaster);
                forecast.Load(saved.State, saved.Outcomes, at > state.SavedAt ? (long)Math.Round((at - state.SavedAt) / forecasting.Step) : 0);
                loaded.Add((participant, forecast, saved.Kind));
            }
            catch (Exception exception)
            {
                throw new InvalidDataException(StateFormat.Wrong($"the forecaster of '{saved.Name}' does not take its state ({exception.Message})").Message, exception);
            }
        }

        return loaded;
    }
}
