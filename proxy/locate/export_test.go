package locate

import "github.com/tokengraft/tokengraft/internal/jsonedit"

// FindSlowly is [Response.Find] without what saves it work: it parses a body for each
// location, and looks for all runs of token characters. It is the reference of Find.
func (r Response) FindSlowly(locs []Location) (occurrences []Occurrence) {
	for _, loc := range locs {
		if loc.HoldsRefreshToken() {
			continue
		}
		found := r.at(loc, &jsonBody{text: r.Body})
		if start, ok := jsonStart(r.Body); ok && loc.in == inJSON && !IsEventStream(r.Header) {
			path, _ := jsonedit.ParsePath(loc.name)
			values, _ := jsonedit.Strings(r.Body[start:], path)
			found = nil
			for _, s := range values {
				found = append(found, newOccurrences(loc, place{}, string(r.Body), []span{{start + s.Start + 1, start + s.End - 1, s.Value}})...)
			}
		}
		occurrences = append(occurrences, unfold(found, locs, r)...)
	}
	if len(occurrences) == 0 {
		return nil
	}
	return append(occurrences, r.repeatsIn(repeatHeaders(r.Header, occurrences), true, occurrences)...)
}

// StandardPlaces returns the source of each place that is known without a rule, by the text
// of its location.
func StandardPlaces() map[string]string {
	sources := map[string]string{}
	for _, place := range standardPlaces {
		sources[place.String()] = place.source
	}
	return sources
}
