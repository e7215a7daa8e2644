package enrich

// KnownHeaders returns how many headers the cache of an Enricher holds.
func KnownHeaders(e *Enricher) int {
	if recent := e.headers.recent.Load(); recent != nil {
		return len(*recent)
	}
	return 0
}

// ReusesMemoryOf reports whether the memory of a token is kept for the next one.
func ReusesMemoryOf(raw string) bool {
	var m tokenMemory
	m.parse(raw, nil)
	return m.end()
}
