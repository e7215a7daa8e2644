package admin_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
)

// undescribed are routes for browsers, and those that lead to others.
var undescribed = []string{"/", "/api/", "POST /session", "POST /session/end"}

// Each route has an entry in the table of endpoints, and each entry has a route.
func TestOpenAPI_HasEachRoute(t *testing.T) {
	var described []string
	for _, e := range openapi.Endpoints() {
		described = append(described, e.Method+" "+e.Path)
	}
	routes := routesOf(t)
	for _, route := range routes {
		if !slices.Contains(described, route) && !slices.Contains(undescribed, route) {
			t.Errorf("the route %s is not in the table of endpoints in internal/adminapi/openapi", route)
		}
	}
	for _, route := range append(described, undescribed...) {
		if !slices.Contains(routes, route) {
			t.Errorf("%s is described, but no route answers it", route)
		}
	}
}

// routesOf returns the patterns with which this package calls Handle and HandleFunc.
func routesOf(t *testing.T) (routes []string) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "Handle" && method.Sel.Name != "HandleFunc" {
				return true
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the pattern of a route is not a text, so it cannot be compared", name)
				return true
			}
			route, _ := strconv.Unquote(literal.Value)
			routes = append(routes, route)
			return true
		})
	}
	return routes
}

// A filledSidecar answers with values that have all members, or with values that have none
// that can be missing, or with an error.
type filledSidecar struct {
	full bool
	err  error
}

// filled returns a value of type T.
func filled[T any](f *filledSidecar) (value T) {
	fill(reflect.ValueOf(&value).Elem(), f.full)
	return value
}

func answerOf[T any](f *filledSidecar) (T, error) {
	if f.err != nil {
		var none T
		return none, f.err
	}
	return filled[T](f), nil
}

func (f *filledSidecar) Overview(context.Context) adminapi.Overview {
	return filled[adminapi.Overview](f)
}
func (f *filledSidecar) Rules(context.Context) adminapi.Rules { return filled[adminapi.Rules](f) }
func (f *filledSidecar) Freshness(context.Context) adminapi.Freshness {
	return filled[adminapi.Freshness](f)
}
func (f *filledSidecar) Keys(context.Context) (adminapi.Keys, error) {
	return answerOf[adminapi.Keys](f)
}
func (f *filledSidecar) RotateKeys(context.Context, adminapi.Peer, adminapi.KeyChange) (adminapi.KeyChanged, error) {
	return answerOf[adminapi.KeyChanged](f)
}
func (f *filledSidecar) PruneKeys(context.Context, adminapi.Peer, adminapi.KeyChange) (adminapi.KeyChanged, error) {
	return answerOf[adminapi.KeyChanged](f)
}
func (f *filledSidecar) ExplainUser(context.Context, adminapi.Peer, adminapi.UserQuery) (*adminapi.UserExplanation, error) {
	explained, err := answerOf[adminapi.UserExplanation](f)
	return &explained, err
}
func (f *filledSidecar) ForgetUser(context.Context, adminapi.Peer, adminapi.UserQuery) (adminapi.Forgotten, error) {
	return answerOf[adminapi.Forgotten](f)
}
func (f *filledSidecar) InspectToken(context.Context, adminapi.Peer, adminapi.InspectRequest) (adminapi.Inspection, error) {
	return answerOf[adminapi.Inspection](f)
}
func (f *filledSidecar) Config(context.Context) (adminapi.Config, error) {
	return answerOf[adminapi.Config](f)
}
func (f *filledSidecar) CheckDraft(context.Context, adminapi.Draft) (adminapi.Checked, error) {
	return answerOf[adminapi.Checked](f)
}
func (f *filledSidecar) ReviewDraft(context.Context, adminapi.Draft) (adminapi.Review, error) {
	return answerOf[adminapi.Review](f)
}
func (f *filledSidecar) SampleDraft(context.Context, adminapi.Peer, adminapi.Draft) (adminapi.Sample, error) {
	return answerOf[adminapi.Sample](f)
}
func (f *filledSidecar) Deploy(context.Context, adminapi.Peer, adminapi.Draft) (adminapi.Deployment, error) {
	return answerOf[adminapi.Deployment](f)
}
func (f *filledSidecar) RollBack(context.Context, adminapi.Peer, adminapi.Rollback) (adminapi.Deployment, error) {
	return answerOf[adminapi.Deployment](f)
}

// listener returns the admin listener of the sidecar.
func (f *filledSidecar) listener(offer admin.Offer) *consoleFixture {
	return &consoleFixture{Handler: admin.New(admin.Options{
		Token:   func() string { return adminToken },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }),
		Cache:   &fakeCache{},
		Figures: func() any { return filled[cache.Stats](f) },
		Explain: func(context.Context, admin.ExplainQuery) (any, error) { return answerOf[adminapi.UserExplanation](f) },
		Readiness: admin.NewReadiness(slog.New(slog.DiscardHandler), admin.Condition{
			Name: "backend", Gate: !f.full, Probe: func(context.Context) error { return nil },
		}),
		Level:   &slog.LevelVar{},
		Monitor: f, Keys: f, Users: f, Configuration: f,
		Offer: func() admin.Offer { return offer },
	})}
}
