package export

// others are the parts of an app that a sidecar has no equivalent of, as the
// patterns of their files.
var others = []struct{ pattern, text string }{
	{"auth/providers.json", "authentication providers are the backend's"},
	{"auth_providers/*.json", "authentication providers are the backend's"},
	{"data_sources/*/*/*/rules.json", "rules ended with the service: what reads the collection must decide who may; users should not be able to write what grants them something"},
	{"services/*/rules/*.json", "rules ended with the service: what reads the collection must decide who may; users should not be able to write what grants them something"},
	{"data_sources/*/default_rule.json", "rules ended with the service"},
	{"http_endpoints/config.json", "HTTPS endpoints ended with the service; fetch_custom_user_data was theirs"},
	{"http_endpoints/data_api_config.json", "the Data API ended with the service"},
	{"graphql/config.json", "GraphQL ended with the service"},
	{"hosting/config.json", "hosting ended with the service"},
	{"sync/config.json", "Device Sync ended with the service: a changed document reaches no open session"},
	{"log_forwarders/*.json", "logs go to stderr, traces and metrics where OTEL_EXPORTER_OTLP_ENDPOINT says"},
	{"secrets.json", "secrets are files or variables of the environment"},
}

func (e *export) noteOthers() {
	for _, other := range others {
		for _, file := range e.glob(other.pattern) {
			e.note(file, other.text)
		}
	}
	documents := e.app.documentSource()
	if documents == nil && e.app.Data.Service != "" {
		e.note(e.data.file, "mongo_service_name: the export has no data source of that name")
	}
	for _, source := range e.app.Sources {
		if documents != nil && !source.isLike(*documents) {
			e.note(source.File, "functions reach the cluster of the documents only")
		}
	}
}

// documentSource returns the data source of the documents, nil where that is not
// known. Where none is named, the only one is meant.
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

// isLike reports whether two data sources are one cluster.
func (s DataSource) isLike(other DataSource) bool {
	return s.Name == other.Name || s.Cluster != "" && s.Cluster == other.Cluster
}
