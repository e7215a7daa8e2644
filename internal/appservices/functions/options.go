package functions

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"
)

// complete replaces zeros with defaults and reports all faults.
func (o *Options) complete() error {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Memory = cmp.Or(o.Memory, 32<<20)
	o.Processes = cmp.Or(o.Processes, 2)
	if o.Services == nil {
		o.Services = []string{"mongodb-atlas"}
	}
	if o.App == nil {
		o.App = json.RawMessage("{}")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var faults []error
	if o.Timeout < 0 || o.Timeout > MaxTimeout {
		faults = append(faults, fmt.Errorf("the timeout of functions is %s; use at most %s", o.Timeout, MaxTimeout))
	}
	if o.Memory < 0 || o.Processes < 0 {
		faults = append(faults, errors.New("the memory and the processes of functions must not be negative"))
	}
	faults = append(faults, checkJSON("value", o.Values)...)
	faults = append(faults, checkJSON("environment value", o.Environment.Values)...)
	faults = append(faults, checkJSON("context", map[string]json.RawMessage{"app": o.App})...)
	return errors.Join(faults...)
}

// checkJSON reports values that are not JSON. It does not quote them, because they
// can be secrets.
func checkJSON(what string, values map[string]json.RawMessage) (faults []error) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, err := parse(values[name]); err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", what, name, err))
		}
	}
	return faults
}
