package imports

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tokengraft/tokengraft"

// anywhere is for APIs that all packages may use.
var anywhere = []string{"*"}

// doors says which package may import which module from outside the standard
// library. Each module has one door, so that its types do not spread and it can be
// replaced. The longest path with which an import starts applies.
var doors = map[string][]string{
	"github.com/golang-jwt/jwt/v5":                {"enrich/keys/internal/jose"},
	"github.com/go-jose/go-jose/v4":               {"enrich/keys/internal/jose"},
	"golang.org/x/crypto/chacha20poly1305":        {"enrich/keys/internal/jose"},
	"github.com/ebitengine/purego":                {"enrich/keys/internal/libcrypto"},
	"github.com/go-json-experiment/json/jsontext": {"internal/jsonedit"},
	"go.mongodb.org/mongo-driver/v2/bson":         {"enrich/bsonjson", "internal/bsonvalue"},
	"go.mongodb.org/mongo-driver/v2":              {"enrich/mongodoc"},
	"github.com/dop251/goja":                      {"internal/appservices/functions"},
	"github.com/dgraph-io/ristretto/v2":           {"cache"},
	"github.com/fsnotify/fsnotify":                {"internal/filewatch"},
	"github.com/goccy/go-yaml":                    {"internal/yamlbind"},
	"github.com/rogpeppe/go-internal/diff":        {"internal/sidecar"},
	"golang.org/x/net/html":                       {"proxy/locate"},
	"github.com/klauspost/compress":               {"proxy"},
	"github.com/andybalholm/brotli":               {"proxy"},
	"golang.org/x/sync/singleflight":              {"enrich/hooks"},
	"github.com/cenkalti/backoff/v5":              {"enrich/hooks"},
	"github.com/spf13/cobra":                      {"internal/cli"},
	"maragu.dev/gomponents":                       {"internal/console/html"},
	"github.com/santhosh-tekuri/jsonschema/v6":    {"internal/owner"},
	"golang.org/x/term":                           {"internal/telemetry"},
	"github.com/prometheus/client_golang":         {"internal/telemetry"},
	"go.opentelemetry.io/otel":                    {"internal/telemetry"},
	"go.opentelemetry.io/otel/sdk":                {"internal/telemetry"},
	"go.opentelemetry.io/otel/exporters":          {"internal/telemetry"},
	"go.opentelemetry.io/otel/codes":              {"proxy"},
	"go.opentelemetry.io/otel/propagation":        {"proxy"},
	"go.opentelemetry.io/otel/metric":             anywhere,
	"go.opentelemetry.io/otel/attribute":          anywhere,
	"go.opentelemetry.io/otel/trace":              anywhere,
}

// free are programs and test doubles, which may import everything. Other packages must
// not import test doubles.
var free = []string{"examples/", "enrich/enrichtest", "proxy/proxytest", "internal/certs/certstest", "internal/adminapi/openapi/openapitest", "internal/demo/backend", "internal/demo/appservices", "internal/demo/seed", "internal/e2e"}

// leaves do not import packages of this repository. Every package may import them.
var leaves = []string{"internal/bsonvalue", "internal/fair", "internal/fault", "internal/httpanswer", "internal/httpcache", "internal/jsonedit", "internal/jsonvalue", "internal/loglimit", "internal/memlimit", "internal/muxpattern", "internal/pasted", "internal/redact", "internal/reexec", "internal/reply", "internal/sockets", "internal/supervise", "internal/tlsadvice", "internal/tracing"}

// inner says which packages of this repository, besides the leaves, a package may
// import. A package that is not listed must not import any of them.
var inner = map[string][]string{
	".": {"internal/cli"},

	// The domain, and the packages that implement its interfaces.
	"enrich":                           {},
	"enrich/bsonjson":                  {"enrich", "internal/credentials"},
	"enrich/mongodoc":                  {"enrich", "enrich/bsonjson", "internal/sourcemetrics"},
	"enrich/filedoc":                   {"enrich", "enrich/bsonjson", "internal/sourcemetrics"},
	"enrich/breaker":                   {"enrich"},
	"enrich/hooks":                     {"enrich"},
	"enrich/hooks/javascript":          {"enrich/hooks", "internal/appservices/functions"},
	"enrich/keys":                      {"enrich", "enrich/keys/keydir", "enrich/keys/internal/jwks", "enrich/keys/internal/jose", "enrich/keys/internal/permissions"},
	"enrich/keys/keydir":               {"enrich", "enrich/keys/internal/jose", "enrich/keys/internal/permissions"},
	"enrich/keys/internal/jwks":        {"enrich/keys/internal/jose"},
	"enrich/keys/internal/jose":        {"enrich/keys/internal/libcrypto"},
	"enrich/keys/internal/libcrypto":   {},
	"enrich/keys/internal/permissions": {},
	"internal/sourcemetrics":           {"enrich"},
	"internal/credentials":             {"enrich"},
	"cache":                            {"enrich"},

	// HTTP.
	"proxy/locate":                       {"enrich"},
	"proxy":                              {"enrich", "internal/budget", "proxy/internal/http1", "proxy/locate"},
	"proxy/internal/http1":               {},
	"proxy/oidc":                         {"enrich", "proxy", "proxy/locate"},
	"internal/admin":                     {"enrich", "internal/adminapi", "internal/console"},
	"internal/adminapi":                  {},
	"internal/adminapi/openapi":          {"cache", "internal/adminapi"},
	"internal/adminapi/openapi/generate": {"internal/adminapi/openapi", "internal/manual"},
	"internal/console":                   {"internal/adminapi", "internal/console/html"},
	"internal/console/html":              {},
	"internal/history":                   {"enrich", "internal/adminapi"},
	"internal/budget":                    {},
	"internal/connlimit":                 {"internal/budget"},
	"internal/owner":                     {"enrich", "enrich/bsonjson", "internal/userapi"},
	"internal/userapi":                   {"enrich"},

	// The configuration.
	"internal/yamlbind":        {},
	"config":                   {"enrich", "enrich/bsonjson", "internal/appservices/expression", "internal/yamlbind", "proxy/locate"},
	"internal/manual":          {"config", "enrich", "internal/yamlbind", "proxy/locate"},
	"internal/manual/generate": {"internal/manual"},
	"internal/prose":           {},
	"internal/prose/check":     {"internal/prose"},

	// App Services.
	"internal/appservices":             {"enrich"},
	"internal/appservices/clientapi":   {"enrich", "enrich/hooks", "internal/appservices", "internal/appservices/expression", "internal/appservices/permissions"},
	"internal/appservices/permissions": {"internal/appservices/expression", "internal/appservices/jsonfile"},
	"internal/appservices/data":        {"enrich", "internal/appservices", "internal/appservices/expression", "internal/appservices/jsonfile"},
	"internal/appservices/expression":  {},
	"internal/appservices/jsonfile":    {},
	"internal/appservices/values":      {},
	"internal/userheaders":             {"enrich", "internal/appservices/expression", "proxy", "proxy/locate"},
	"internal/appservices/layout":      {},
	"internal/appservices/export":      {"internal/appservices/data", "internal/appservices/functions", "internal/appservices/jsonfile", "internal/appservices/layout", "internal/appservices/permissions"},
	"internal/appservices/functions":   {"enrich", "enrich/hooks", "internal/appservices/layout", "internal/appservices/values"},

	// The packages that put the parts together.
	"internal/sidecar": {
		"cache", "config", "enrich", "enrich/bsonjson", "enrich/breaker", "enrich/filedoc", "enrich/hooks", "enrich/keys", "enrich/keys/keydir", "enrich/mongodoc",
		"internal/admin", "internal/adminapi", "internal/history", "internal/appservices", "internal/appservices/clientapi", "internal/appservices/data", "internal/appservices/expression", "internal/appservices/permissions", "internal/appservices/values", "internal/userheaders", "internal/budget", "internal/certs", "internal/connlimit", "internal/credentials", "internal/filewatch", "internal/owner", "internal/userapi", "proxy", "proxy/locate", "proxy/oidc",
	},
	"internal/discover":  {"config", "enrich", "enrich/bsonjson", "enrich/keys", "enrich/mongodoc", "internal/yamlbind", "proxy", "proxy/locate", "proxy/oidc"},
	"proxy/sidecar":      {"config", "enrich", "enrich/hooks", "internal/sidecar"},
	"internal/doctor":    {"config", "enrich", "enrich/mongodoc", "internal/sidecar", "proxy", "proxy/locate", "proxy/oidc"},
	"internal/telemetry": {"internal/history"},
	"internal/demo":      {"config", "internal/demo/backend", "internal/sidecar", "internal/telemetry"},
	"internal/cli": {
		"config", "enrich", "enrich/hooks", "enrich/hooks/javascript", "enrich/keys", "enrich/keys/keydir", "enrich/mongodoc",
		"internal/adminapi", "internal/appservices/export", "internal/demo", "internal/discover", "internal/doctor", "internal/sidecar", "internal/telemetry",
	},
}

func TestImports_FollowTheTable(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == filepath.Join("examples", "testbed") || path == filepath.Join("examples", "bench") || entry.Name() == "testdata" || entry.Name() == ".git"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		checkImports(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range inner {
		if _, err := os.Stat(pkg); err != nil {
			t.Errorf("the table lists the package %s, which does not exist: %v", pkg, err)
		}
	}
}

func TestLayout_HasOneGoFileAtTheTop(t *testing.T) {
	files, err := filepath.Glob("../../*.go")
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "main.go" {
		t.Errorf("Go files at the top: %v (%v), want only main.go", files, err)
	}
}

func checkImports(t *testing.T, path string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	pkg := filepath.ToSlash(filepath.Dir(path))
	isFree := slices.ContainsFunc(free, func(prefix string) bool { return strings.HasPrefix(pkg+"/", strings.TrimSuffix(prefix, "/")+"/") })
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch own, isOwn := strings.CutPrefix(imported, module+"/"); {
		case isOwn && slices.Contains(leaves, pkg):
			t.Errorf("%s imports %s, but a leaf must not import packages of this repository", path, own)
		case isOwn && !isFree && !slices.Contains(leaves, own) && !slices.Contains(inner[pkg], own):
			t.Errorf("%s imports %s, but the package may import only %v. If that should change, change the table here and the one in ARCHITECTURE.md", path, own, inner[pkg])
		case isOwn && !isFree && strings.HasSuffix(own, "test"):
			t.Errorf("%s imports %s, but that is a test double", path, own)
		case isOwn || isFree || !strings.Contains(strings.Split(imported, "/")[0], "."):
		case !isDoor(pkg, imported):
			t.Errorf("%s imports %s, but only %v may import it", path, imported, doorsOf(imported))
		}
	}
}

func isDoor(pkg, imported string) bool {
	doors := doorsOf(imported)
	return slices.Equal(doors, anywhere) || slices.Contains(doors, pkg)
}

// doorsOf returns the doors of the longest path in the table with which the import
// starts.
func doorsOf(imported string) []string {
	for path := imported; path != "."; path = filepath.ToSlash(filepath.Dir(path)) {
		if packages, ok := doors[path]; ok {
			return packages
		}
	}
	return nil
}
