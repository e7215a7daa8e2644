package sidecar

import (
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/clientapi"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/appservices/permissions"
	"github.com/tokengraft/tokengraft/internal/userapi"
	"github.com/tokengraft/tokengraft/proxy"
)

// calls are what users may call: functions, and the data access of SDKs.
type calls struct {
	runner    hooks.Runner         // nil without access.functions
	functions *clientapi.Functions // as runner
	data      *data.Service        // nil without access.roles
	failures  *expression.Failures // of the expressions of both
}

// answersCalls reports whether the sidecar answers the calls of SDKs. In shadow it does not,
// because nothing may change.
func answersCalls(cfg *config.Config) bool {
	return (cfg.Access.Functions || cfg.Access.Roles != "") && cfg.Live()
}

// callsFunctions reports whether users may call functions.
func callsFunctions(cfg *config.Config) bool { return cfg.Access.Functions && cfg.Live() }

// callProcesses returns how many processes run functions for users.
func callProcesses(cfg *config.Config) int {
	if !callsFunctions(cfg) {
		return 0
	}
	return int(cfg.Access.Processes) + ruleProcesses(cfg)
}

// ruleProcesses returns how many processes run the functions that rules call: one if there
// may be such a rule. A rule is evaluated while a call has its own process.
func ruleProcesses(cfg *config.Config) int {
	for _, file := range ruleFiles(cfg) {
		// Opening the rules reports what cannot be read.
		if text, err := os.ReadFile(file.name); err == nil && callsInRules.Match(text) {
			return 1
		}
	}
	return 0
}

// callsInRules matches the operator with which rules call functions.
var callsInRules = regexp.MustCompile(`[%$]function\b`)

// callSettings are those that calls depend on, as in generation.go. Users must not write
// what an expression of forward reads.
var callSettings = append([]string{"functions", "access", "forward", "shadow"}, documentsSettings...)

// openCalls opens what users may call, or keeps it.
func (g *generation) openCalls(s *Sidecar, before *generation, keeps func(settings []string) bool) (err error) {
	switch {
	case s.withoutHooks:
	case keeps(callSettings):
		g.calls = before.calls
	default:
		g.calls, err = openCalls(g.cfg, g.documents, s.o)
	}
	return err
}

// openCalls opens what users may call. It returns nil if that is nothing.
func openCalls(cfg *config.Config, d *documents, o Options) (*calls, error) {
	if !answersCalls(cfg) {
		return nil, nil
	}
	c := &calls{}
	if err := c.open(cfg, d, o); err != nil {
		_ = c.close(context.Background()) // nothing has called them
		return nil, err
	}
	return c, nil
}

// open opens the functions first, because rules may call them.
func (c *calls) open(cfg *config.Config, d *documents, o Options) (err error) {
	if c.failures, err = expression.NewFailures(o.Meter); err != nil {
		return err
	}
	if callsFunctions(cfg) {
		if err := c.openFunctions(cfg, d, o); err != nil {
			return err
		}
	}
	if cfg.Access.Roles == "" {
		return nil
	}
	return c.openData(cfg, d)
}

// openFunctions opens the functions that users may call, in processes of their own, so that
// they cannot delay logins.
func (c *calls) openFunctions(cfg *config.Config, d *documents, o Options) error {
	collection, _ := d.source.(collectionSource)
	options := engineOptions(cfg, collection.Source, o.Logger)
	options.Processes, options.Timeout = callProcesses(cfg), cfg.Access.Timeout
	functions, err := startEngine(cfg, o.Functions, options)
	if err != nil {
		return err
	}
	runner, ok := functions.(hooks.Runner)
	if !ok {
		_ = closeFunctions(context.Background(), functions) // nothing has called them
		return cfg.Fault("access.functions", errNoRunner)
	}
	c.runner = runner
	permitted, err := readPermissions(cfg, runner)
	if err != nil {
		return err
	}
	values, err := readAppValues(cfg)
	if err != nil {
		return err
	}
	c.functions = clientapi.NewFunctions(clientapi.FunctionOptions{
		Runner: runner, Processes: int(cfg.Access.Processes), Permissions: permitted,
		Values: values.values, Environment: values.environment,
		Database: c.database(cfg), Invalidator: d.cache, Logger: o.Logger,
		Failed: func(ctx context.Context) { c.failures.Count(ctx, "can_evaluate") },
	})
	return nil
}

var errNoRunner = errors.New("the engine in Options.Functions does not return results (hooks.Runner); use javascript.Engine, or remove this setting")

// readPermissions reads who may call functions. The error joins all faults, each a
// [config.FieldError].
func readPermissions(cfg *config.Config, functions hooks.Functions) (*permissions.Permissions, error) {
	read, err := permissions.Read(os.DirFS(string(cfg.Functions.Dir)), functions.Has)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return read, err
	}
	var faults []error
	for _, fault := range joined.Unwrap() {
		faults = append(faults, cfg.Fault("functions.dir", fault))
	}
	return read, errors.Join(faults...)
}

// close ends the processes of functions, if there are any. c may be nil.
func (c *calls) close(ctx context.Context) error {
	if c == nil || c.runner == nil {
		return nil
	}
	return closeFunctions(ctx, c.runner)
}

// callLocals returns the path of calls, or none if there are none.
func (g *generation) callLocals(s *Sidecar) ([]proxy.Local, error) {
	if g.calls == nil {
		return nil, nil
	}
	metrics, err := userapi.NewMetrics(s.o.Meter)
	if err != nil {
		return nil, err
	}
	cors := userapi.CORS{Origins: g.cfg.Access.Origins, Methods: []string{http.MethodPost}, Headers: []string{"Authorization", "Content-Type"}}
	o := clientapi.Options{
		Authenticate: g.enricher.Authenticate, Bearer: userapi.Bearer, Source: g.source,
		Services: g.cfg.Functions.Services, Timeout: min(g.cfg.Access.Timeout, g.cfg.Timeouts.Response),
		CORS: cors.Answer, Allow: g.limiter.Allow, Reserve: proxy.Reserve, Address: proxy.ClientAddress,
		Count: func(ctx context.Context, endpoint, result string) {
			metrics.Count(ctx, userapi.Endpoint(endpoint), userapi.Result(result))
		},
		Logger: g.logger,
	}
	if g.calls.data != nil {
		o.Service = g.calls.data
	}
	if g.calls.functions != nil {
		o.Functions = g.calls.functions
	}
	handler := clientapi.New(o)
	return []proxy.Local{{
		Pattern: g.cfg.Access.CallPath, Handler: g.documents.guard(handler), Refuse: handler.Refuse,
		MaxBody: min(clientapi.MaxBody, int64(g.cfg.Limits.Body)), Turns: s.shared.callTurns,
	}}, nil
}
