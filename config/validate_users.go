package config

import (
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

func checkHooks(c *Config, r *yamlbind.Report) {
	checkCreation(c.UserCreation, r)
	for i, t := range c.Triggers {
		checkTrigger(fmt.Sprintf("triggers[%d]", i), t, r)
	}
	writes := c.UserCreation.Enabled() || len(c.Triggers) > 0
	if writes && r.Set("documents.file") {
		r.Fault("documents.file", errors.New("is read-only; user_creation and triggers require documents.mongodb"))
	}
	for path := range c.FunctionsNamed() {
		if !r.Set("functions.dir") {
			r.Fault(path, errors.New("requires functions.dir, the directory of the function"))
		}
	}
}

func checkCreation(u UserCreation, r *yamlbind.Report) {
	var ways []string
	for _, path := range []string{"user_creation.function", "user_creation.webhook.url", "user_creation.document"} {
		if r.Set(path) {
			ways = append(ways, path)
		}
	}
	if len(ways) > 1 {
		r.Fault(ways[1], fmt.Errorf("cannot be combined with %s; remove one of them", ways[0]))
	}
	if r.Set("user_creation.webhook") && u.Webhook.URL == "" {
		r.Fault("user_creation.webhook", errors.New("the url is missing; set it to a URL like https://hooks.internal/users"))
	}
	if _, err := parseWebURL(u.Webhook.URL); u.Webhook.URL != "" && err != nil {
		r.Fault("user_creation.webhook.url", errors.New("must be an http or https URL like https://hooks.internal/users"))
	}
}

func checkTrigger(path string, t Trigger, r *yamlbind.Report) {
	switch {
	case t.Function != "" && t.LastLogin != "":
		r.Fault(path+".last_login", errors.New("cannot be combined with function; remove one of them"))
	case t.Function == "" && t.LastLogin == "":
		r.Fault(path, errors.New("has nothing to run; set function or last_login"))
	case t.LastLogin != "" && t.Operation == Delete:
		r.Fault(path+".last_login", errors.New("a deleted user has no document to update; use function"))
	case t.Wait && t.Operation == Delete:
		r.Fault(path+".wait", errors.New("must be false for DELETE, because no login waits for it"))
	case t.Timeout == 0:
		r.Fault(path+".timeout", errZero)
	}
}
