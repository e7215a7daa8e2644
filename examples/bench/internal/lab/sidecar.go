//go:build linux

package lab

import (
	"os"
	"strings"
	"text/template"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// Sidecar is the configuration of a tokengraft. The zero value of a field leaves it to
// the default, unless it says something else.
type Sidecar struct {
	// Listen is where it listens. Admin is the listener for health and metrics, off if
	// it is empty.
	Listen, Admin string
	// Backend is the host:port of the backend.
	Backend string
	// Algorithm is that of the backend's tokens. HS256 verifies and signs with the
	// shared secret; the others sign with a key of the sidecar.
	Algorithm string
	// SignWith is the algorithm of enriched tokens. Empty means Algorithm.
	SignWith string
	// Match is the rule's. Empty means the login of the backend.
	Match string
	// Refresh "always" reads the document for every login.
	Refresh string
	// Store is the host:port of the MongoDB that has the documents. Empty takes them
	// from the lab's file.
	Store string
	// AccessLog writes a line for each request; without it only warnings are logged.
	AccessLog bool
	// More is YAML that is added at the end.
	More string

	Files fixture.Folder // set by StartSidecar
}

// The backends of a lab do not close idle connections, so the sidecar may keep them as
// long as the other proxies do.
var sidecarYAML = template.Must(template.New("sidecar").Parse(`listen: {{.Listen}}
backend: http://{{.Backend}}
admin: "{{or .Admin "off"}}"
timeouts: {idle: 60s}
rules:
  - {match: "{{or .Match "POST /oauth/token"}}", tokens: ["json:access_token"]{{with .Refresh}}, refresh: {{.}}{{end}}}
{{- if eq .Algorithm "HS256"}}
verify: {secret_file: "{{.Files.Secret}}", issuer: "{{.Issuer}}"}
{{- else}}
verify: {jwks: "{{.Files.JWKS .Algorithm}}", issuer: "{{.Issuer}}"}
sign: {keys: "{{.SigningKeys}}"{{with .SignWith}}, algorithm: {{.}}{{end}}}
{{- end}}
documents:
  user_id_field: user_id
{{- if .Store}}
  mongodb: {uri: "mongodb://{{.Store}}/", database: app, collection: users, watch: "off"}
{{- else}}
  file: "{{.Files.Documents}}"
{{- end}}
{{.More}}
`))

// Issuer returns the issuer of the tokens, which the sidecar checks as its alternatives do.
func (Sidecar) Issuer() string { return fixture.Issuer }

// SigningKeys returns the folder with the key that the sidecar signs with.
func (c Sidecar) SigningKeys() string {
	algorithm := c.Algorithm
	if c.SignWith != "" {
		algorithm = c.SignWith
	}
	return strings.TrimSuffix(c.Files.SigningKey(algorithm), "/key.pem")
}

// YAML returns the configuration file.
func (c Sidecar) YAML() (string, error) {
	var out strings.Builder
	err := sidecarYAML.Execute(&out, c)
	return out.String(), err
}

// StartSidecar starts a tokengraft with a configuration. It sets Files, and Listen if
// that is empty.
func (l *Lab) StartSidecar(program string, c Sidecar) (*Server, error) {
	c.Files = l.Files
	if c.Listen == "" {
		var err error
		if c.Listen, err = FreeAddress(); err != nil {
			return nil, err
		}
	}
	text, err := c.YAML()
	if err != nil {
		return nil, err
	}
	file := l.Path("sidecar-" + strings.ReplaceAll(c.Listen, ":", "-") + ".yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	command := proc.Command{Name: "tokengraft", Path: program, Args: []string{"serve", "-c", file}, Core: ProxyCore}
	if !c.AccessLog {
		command.Env = []string{"LOG_LEVEL=warn"}
	}
	return l.Start(command, c.Listen)
}
