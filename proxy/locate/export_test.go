package locate

// StandardPlaces returns the source of each place that is known without a rule, by the text
// of its location.
func StandardPlaces() map[string]string {
	sources := map[string]string{}
	for _, place := range standardPlaces {
		sources[place.String()] = place.source
	}
	return sources
}
