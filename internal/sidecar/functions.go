package sidecar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

var errNoEngine = errors.New("this program was built without the JavaScript engine; set Options.Functions, or remove functions from the configuration")

// openFunctions compiles the functions that the configuration names. It returns nil
// if functions.dir is not set. The error joins all faults, each a
// [config.FieldError].
func openFunctions(cfg *config.Config, engine hooks.Engine, database *mongodoc.Source, logger *slog.Logger) (hooks.Functions, error) {
	f := cfg.Functions
	if f.Dir == "" {
		return nil, nil
	}
	o := engineOptions(cfg, database, logger)
	o.Processes = processesOf(cfg)
	functions, err := startEngine(cfg, engine, o)
	if err != nil {
		return nil, err
	}
	var faults []error
	for path, name := range cfg.FunctionsNamed() {
		if !functions.Has(name) {
			faults = append(faults, cfg.Fault(path, fmt.Errorf("there is no function %q in %s", name, f.Dir)))
		}
	}
	if len(faults) > 0 {
		_ = closeFunctions(context.Background(), functions) // nothing has called them
		return nil, errors.Join(faults...)
	}
	return functions, nil
}

// engineOptions returns what all engines of a configuration have in common.
func engineOptions(cfg *config.Config, database *mongodoc.Source, logger *slog.Logger) hooks.EngineOptions {
	f := cfg.Functions
	o := hooks.EngineOptions{
		Dir: string(f.Dir), Values: string(f.Values), Environments: string(f.Environments), Environment: f.Environment,
		Services: f.Services, Hosts: f.Hosts, Logger: logger,
	}
	if database != nil {
		o.Database = transactor{database}
	}
	return o
}

// startEngine compiles the functions. The error is a [config.FieldError].
func startEngine(cfg *config.Config, engine hooks.Engine, o hooks.EngineOptions) (hooks.Functions, error) {
	if engine == nil {
		return nil, cfg.Fault("functions", errNoEngine)
	}
	functions, err := engine(o)
	if err != nil {
		return nil, functionsFault(cfg, err)
	}
	return functions, nil
}

// A transactor is a collection whose server may have transactions.
type transactor struct{ *mongodoc.Source }

// Begin implements [hooks.Transactor].
func (t transactor) Begin(ctx context.Context) (hooks.Transaction, error) {
	transaction, err := t.Source.Begin(ctx)
	switch {
	case errors.Is(err, mongodoc.ErrNoTransactions):
		return nil, hooks.ErrNoTransactions
	case err != nil:
		return nil, err
	}
	return transaction, nil
}

const (
	// processSize is the most memory that a process of functions takes, in bytes.
	processSize = 72 << 20
	// processesShare and mostProcesses bound the number of processes that auto means.
	processesShare = 6
	mostProcesses  = 4
)

// processesOf returns functions.processes.
func processesOf(cfg *config.Config) int {
	if set := int(cfg.Functions.Processes); set != 0 {
		return set
	}
	memory, _ := findMemory()
	return int(min(max(memory/processesShare/processSize, 1), mostProcesses))
}

// functionsMemory returns the most memory that the processes of functions take, in
// bytes.
func functionsMemory(cfg *config.Config) int64 {
	processes := callProcesses(cfg)
	if cfg.Functions.Dir != "" && hasSignIns(cfg) {
		processes += processesOf(cfg)
	}
	return int64(processes) * processSize
}

// closeFunctions ends the processes of functions, if there are any. functions may be nil.
func closeFunctions(ctx context.Context, functions hooks.Functions) error {
	if closer, ok := functions.(hooks.Closer); ok {
		return closer.Close(ctx)
	}
	return nil
}

// functionsFault returns an error of the engine as a fault of the setting that causes
// it.
func functionsFault(cfg *config.Config, err error) config.FieldError {
	path := "functions"
	if fault, ok := errors.AsType[*hooks.EngineError](err); ok {
		path = engineSettings[fault.Option]
	}
	return cfg.Fault(path, err)
}

// engineSettings are the settings behind the options of an engine.
var engineSettings = map[string]string{
	"Dir": "functions.dir", "Values": "functions.values", "Environments": "functions.environments",
}
