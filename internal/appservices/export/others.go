package export

// others are the parts of an app for which the sidecar has no equivalent, as
// patterns of file names.
var others = []struct{ pattern, text string }{
	{"auth/providers.json", "authentication providers are configured in the backend"},
	{"auth_providers/*.json", "authentication providers are configured in the backend"},
	{"http_endpoints/config.json", "HTTPS endpoints ended with the service, and so did their setting fetch_custom_user_data"},
	{"http_endpoints/data_api_config.json", "the Data API ended with the service"},
	{"graphql/config.json", "GraphQL ended with the service"},
	{"hosting/config.json", "hosting ended with the service"},
	{"sync/config.json", "Device Sync ended with the service: open sessions do not get changed documents"},
	{"log_forwarders/*.json", "logs go to stderr; traces and metrics go to OTEL_EXPORTER_OTLP_ENDPOINT"},
	{"secrets.json", "keep secrets in files or environment variables"},
}

func (e *export) noteOthers() {
	for _, other := range others {
		for _, file := range e.glob(other.pattern) {
			e.note(file, other.text)
		}
	}
	documents := e.app.documentSource()
	if documents == nil && e.app.Data.Service != "" {
		e.note(e.data.file, "mongo_service_name: the export has no data source of this name")
	}
	for _, source := range e.app.Sources {
		if documents != nil && !source.isLike(*documents) {
			e.note(source.File, "functions can use only the cluster that has the documents")
		}
	}
}

// documentSource returns the data source that has the documents, or nil if it is not
// known. If the settings do not name one and there is only one, it is that one.
func (a *App) documentSource() *DataSource {
	name := a.Data.Service
	if name == "" && len(a.Sources) == 1 {
		return &a.Sources[0]
	}
	for i := range a.Sources {
		if a.Sources[i].Name == name {
			return &a.Sources[i]
		}
	}
	return nil
}

// isLike reports whether two data sources are the same cluster.
func (s DataSource) isLike(other DataSource) bool {
	return s.Name == other.Name || s.Cluster != "" && s.Cluster == other.Cluster
}
