package config

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// Functions are JavaScript functions, as MongoDB Atlas App Services exports
// them. They use the database of `documents.mongodb`.
type Functions struct {
	// The directory of the functions, one in each `.js` file.
	Dir Path `yaml:"dir"`
	// The directory of the values that `context.values` has, one in each `.json`
	// file, as an exported app has them.
	Values Path `yaml:"values"`
	// What `context.environment.tag` is.
	Environment string `yaml:"environment"`
	// The directory of the values that `context.environment.values` has: of the
	// environment production those in `production.json`, of none those in
	// `no-environment.json`, as an exported app has them.
	Environments Path `yaml:"environments"`
	// The names by which functions ask for the database in
	// `context.services.get`.
	Services []string `yaml:"services" default:"mongodb-atlas"`
	// The hosts that functions may reach with `context.http`. Empty: none.
	Hosts []string `yaml:"hosts"`
}

// UserCreation is how the document of a user who has none is made, before his
// first token leaves: by a function, a webhook or a template. Where that fails
// no token leaves.
type UserCreation struct {
	// A function of `functions.dir`, which gets the user object.
	Function string `yaml:"function"`
	// Who is asked to make the document.
	Webhook Webhook `yaml:"webhook"`
	// A JSON file with the document to insert, Extended JSON understood. A text
	// `%%user.id`, `%%user.data.email`, another name of `data`, or `%%now` stands
	// for what is known of the user.
	Document Path `yaml:"document"`
	// Whether a user whose document was deleted gets a new one. Those who got
	// one are remembered in the collection `tokengraft_users`.
	Recreate bool `yaml:"recreate" default:"true"`
	// For making one document. Greater than zero.
	Timeout time.Duration `yaml:"timeout" default:"5s"`
}

// Enabled reports whether documents are made at all.
func (u UserCreation) Enabled() bool {
	return u.Function != "" || u.Webhook.URL != "" || u.Document != ""
}

// Webhook is an HTTP endpoint that makes users' documents.
type Webhook struct {
	// Gets a POST of `{"user": …}`. A 2xx answer with a JSON object is the
	// document; without one the webhook has made it.
	URL string `yaml:"url"`
	// Goes along as a bearer token.
	Secret Secret `yaml:"secret"`
	// A file with the secret instead.
	SecretFile Path `yaml:"secret_file"`
}

// A Trigger runs when users sign in or are deleted.
type Trigger struct {
	// Its name in logs and metrics.
	Name string `yaml:"name,required"`
	// `LOGIN`, `CREATE` or `DELETE`.
	Operation Operation `yaml:"operation,required"`
	// The ways to sign in that count, as `{provider}` in a rule's pattern finds
	// them. Empty: all.
	Providers []string `yaml:"providers"`
	// A function of `functions.dir`, which gets the event; or `last_login`.
	Function string `yaml:"function"`
	// A field of the document that is set to the time; or `function`.
	LastLogin string `yaml:"last_login"`
	// Whether the login waits for it, so that what it writes is in the token.
	// Else it runs after, and again if it fails.
	Wait bool `yaml:"wait" default:"false"`
	// For one run. Greater than zero.
	Timeout time.Duration `yaml:"timeout" default:"2s"`
}

// An Operation is what a trigger waits for.
type Operation string

// The operations.
const (
	Login  Operation = "LOGIN"
	Create Operation = "CREATE"
	Delete Operation = "DELETE"
)

// UnmarshalText parses the word of the configuration file.
func (o *Operation) UnmarshalText(text []byte) error { return parseWord(o, text, operations) }

// Hooks reports whether anything happens when users sign in or are deleted.
func (c *Config) Hooks() bool {
	return c.UserCreation.Enabled() || len(c.Triggers) > 0 || len(c.Deletions) > 0
}

func checkHooks(c *Config, r *report) {
	checkCreation(c.UserCreation, r)
	for i, t := range c.Triggers {
		checkTrigger(fmt.Sprintf("triggers[%d]", i), t, r)
	}
	writes := c.UserCreation.Enabled() || len(c.Triggers) > 0
	if writes && r.set("documents.file") {
		r.fault("documents.file", errors.New("is only read, want documents.mongodb for user_creation and triggers"))
	}
	for path := range c.FunctionsNamed() {
		if !r.set("functions.dir") {
			r.fault(path, errors.New("needs functions.dir, the directory of the function"))
		}
	}
}

// FunctionsNamed are the functions that settings name, each with the path of its
// setting.
func (c *Config) FunctionsNamed() iter.Seq2[string, string] {
	return func(yield func(path, function string) bool) {
		if f := c.UserCreation.Function; f != "" && !yield("user_creation.function", f) {
			return
		}
		for i, t := range c.Triggers {
			if t.Function != "" && !yield(fmt.Sprintf("triggers[%d].function", i), t.Function) {
				return
			}
		}
	}
}

func checkCreation(u UserCreation, r *report) {
	var ways []string
	for _, path := range []string{"user_creation.function", "user_creation.webhook.url", "user_creation.document"} {
		if r.set(path) {
			ways = append(ways, path)
		}
	}
	if len(ways) > 1 {
		r.fault(ways[1], fmt.Errorf("stands beside %s, want one of them", ways[0]))
	}
	if r.set("user_creation.webhook") && u.Webhook.URL == "" {
		r.fault("user_creation.webhook", errors.New("no url, want one like https://hooks.internal/users"))
	}
	if _, err := parseWebURL(u.Webhook.URL); u.Webhook.URL != "" && err != nil {
		r.fault("user_creation.webhook.url", errors.New("no http or https URL, want one like https://hooks.internal/users"))
	}
}

func checkTrigger(path string, t Trigger, r *report) {
	switch {
	case t.Function != "" && t.LastLogin != "":
		r.fault(path+".last_login", errors.New("stands beside function, want one of them"))
	case t.Function == "" && t.LastLogin == "":
		r.fault(path, errors.New("nothing to run, want function or last_login"))
	case t.LastLogin != "" && t.Operation == Delete:
		r.fault(path+".last_login", errors.New("a deleted user has no document, want function"))
	case t.Wait && t.Operation == Delete:
		r.fault(path+".wait", errors.New("nobody waits when a user is deleted, want false"))
	case t.Timeout == 0:
		r.fault(path+".timeout", errZero)
	}
}
