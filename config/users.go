package config

import (
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

// Hooks reports whether anything happens when users sign in or are deleted.
func (c *Config) Hooks() bool {
	return c.UserCreation.Enabled() || len(c.Triggers) > 0 || len(c.Deletions) > 0
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
