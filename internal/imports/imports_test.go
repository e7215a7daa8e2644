package imports

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tokengraft/tokengraft"

// doors says which package may import what from outside the standard library.
// One module, one door: so its types cannot travel, and it can be replaced. The
// root package is ".".
var doors = map[string][]string{
	"github.com/golang-jwt/jwt/v5":                {"enrich/keys/internal/jose"},
	"github.com/go-jose/go-jose/v4":               {"enrich/keys/internal/jose"},
	"golang.org/x/crypto/chacha20poly1305":        {"enrich/keys/internal/jose"},
	"github.com/go-json-experiment/json/jsontext": {"internal/jsonedit"},
	"go.mongodb.org/mongo-driver/v2/bson":         {"enrich/bsonjson"},
	"go.mongodb.org/mongo-driver/v2":              {"enrich/mongodoc"},
	"github.com/dop251/goja":                      {"internal/appservices/functions"},
	"github.com/dlclark/regexp2/v2":               {"internal/appservices/functions"}, // goja's own, to bound its matches
	"github.com/dgraph-io/ristretto/v2":           {"cache"},
	"github.com/fsnotify/fsnotify":                {"internal/filewatch"},
	"github.com/goccy/go-yaml":                    {"internal/yamlbind"},
	"golang.org/x/net/html":                       {"proxy/locate"},
	"github.com/klauspost/compress":               {"proxy"},
	"github.com/andybalholm/brotli":               {"proxy"},
	"golang.org/x/time/rate":                      {"proxy"},
	"golang.org/x/sync/singleflight":              {"enrich/hooks"},
	"github.com/cenkalti/backoff/v5":              {"enrich/hooks"},
	"github.com/spf13/cobra":                      {"internal/cli"},
	"golang.org/x/term":                           {"internal/telemetry"},
	"github.com/prometheus/client_golang":         {"internal/telemetry"},
	"go.opentelemetry.io/otel/sdk":                {"internal/telemetry"},
	"go.opentelemetry.io/otel/exporters":          {"internal/telemetry"},
	"go.opentelemetry.io/otel/metric":             {"internal/sidecar", "internal/telemetry", "internal/sourcemetrics", "enrich", "enrich/breaker", "enrich/filedoc", "enrich/hooks", "enrich/mongodoc", "cache", "proxy"}, // an API made to travel
	"go.opentelemetry.io/otel/attribute":          {"internal/sidecar", "internal/telemetry", "internal/sourcemetrics", "enrich", "enrich/filedoc", "enrich/hooks", "enrich/mongodoc", "cache", "proxy"},
	"go.opentelemetry.io/otel/trace":              {"internal/sidecar", "internal/telemetry", "internal/tracing", "enrich/mongodoc", "cache", "proxy"},
	"go.opentelemetry.io/otel/codes":              {"proxy"},
	"go.opentelemetry.io/otel/propagation":        {"proxy"},
	"go.opentelemetry.io/otel":                    {"internal/telemetry"},
	"go.opentelemetry.io/contrib/exporters":       {"internal/telemetry"},
}

// free are packages that stand for somebody else's code, and test doubles.
var free = []string{"examples/", "internal/demo/", "enrich/enrichtest", "proxy/proxytest", "internal/certs/certstest", "internal/e2e"}

// leaves are small packages of ours that import none of ours; any package may
// import them.
var leaves = []string{"internal/supervise"}

// inner says which of our packages a package may import. What is not here may
// import none. The root package imports everything.
var inner = map[string][]string{
	"enrich":                         {"internal/jsonedit", "internal/tracing"},
	"enrich/keys":                    {"enrich", "enrich/keys/keydir", "enrich/keys/internal/jwks", "enrich/keys/internal/jose", "internal/jsonedit"},
	"enrich/keys/keydir":             {"enrich", "enrich/keys/internal/jose"},
	"enrich/keys/internal/jwks":      {"enrich/keys/internal/jose", "internal/jsonedit", "internal/httpcache"},
	"enrich/keys/internal/jose":      {"internal/jsonedit"},
	"enrich/bsonjson":                {"enrich"},
	"enrich/mongodoc":                {"enrich", "enrich/bsonjson", "internal/sourcemetrics", "internal/tracing"},
	"enrich/filedoc":                 {"enrich", "enrich/bsonjson", "internal/sourcemetrics"},
	"enrich/breaker":                 {"enrich"},
	"cache":                          {"enrich"},
	"proxy/locate":                   {"enrich", "internal/jsonedit"},
	"proxy":                          {"enrich", "internal/tlsadvice", "internal/tracing", "proxy/locate"},
	"internal/admin":                 {"enrich", "internal/supervise"},
	"proxy/oidc":                     {"enrich", "internal/jsonedit", "internal/httpcache", "internal/muxpattern", "proxy", "proxy/locate"},
	"internal/certs":                 {},
	"internal/appservices":           {"enrich"},
	"internal/yamlbind":              {},
	"internal/manual":                {"config", "internal/yamlbind"},
	"internal/manual/generate":       {"internal/manual"},
	"config":                         {"enrich", "enrich/bsonjson", "internal/jsonedit", "internal/muxpattern", "internal/yamlbind", "proxy/locate"},
	"internal/appservices/export":    {"internal/appservices/layout"},
	"internal/appservices/functions": {"enrich", "enrich/hooks", "internal/appservices/layout"},
	"enrich/hooks/javascript":        {"enrich/hooks", "internal/appservices/functions"},
	"enrich/hooks":                   {"enrich", "internal/supervise"},
	"internal/sidecar": {
		"cache", "config", "enrich", "enrich/breaker", "enrich/bsonjson", "enrich/filedoc", "enrich/hooks", "enrich/keys", "enrich/keys/keydir", "enrich/mongodoc",
		"internal/admin", "internal/appservices", "internal/certs", "internal/filewatch", "internal/tlsadvice", "proxy", "proxy/locate", "proxy/oidc",
	},
	"internal/telemetry":     {"internal/tracing"},
	"proxy/sidecar":          {"config", "enrich", "enrich/hooks", "internal/sidecar"},
	"internal/sourcemetrics": {"enrich"},
}

func TestImports(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == filepath.Join("examples", "testbed") || entry.Name() == "testdata" || entry.Name() == ".git"):
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
		case isOwn && pkg != "internal/cli" && pkg != "." && !isFree && !slices.Contains(leaves, own) && !slices.Contains(inner[pkg], own):
			t.Errorf("%s imports our %s: that is no direction of ARCHITECTURE.md", path, own)
		case isOwn && !isFree && strings.HasSuffix(own, "test"):
			t.Errorf("%s imports %s: nothing shipped imports test doubles", path, own)
		case isOwn || isFree || !strings.Contains(strings.Split(imported, "/")[0], "."):
		case !slices.Contains(doorsOf(imported), pkg):
			t.Errorf("%s imports %s, whose doors are %v", path, imported, doorsOf(imported))
		}
	}
}

// doorsOf returns the doors of the longest path in the table that the imported
// one begins with.
func doorsOf(imported string) []string {
	for path := imported; path != "."; path = filepath.ToSlash(filepath.Dir(path)) {
		if packages, ok := doors[path]; ok {
			return packages
		}
	}
	return nil
}
