package enrich

// KnownHeaders returns how many headers the cache of an Enricher holds.
func KnownHeaders(e *Enricher) int {
	if recent := e.headers.recent.Load(); recent != nil {
		return len(*recent)
	}
	return 0
}
