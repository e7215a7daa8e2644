package config

import (
	"fmt"
	"iter"
	"time"
)

// Functions are JavaScript functions in the layout of an exported MongoDB Atlas App
// Services app. They use the database of `documents.mongodb`.
type Functions struct {
	// The directory of the functions, one in each `.js` file.
	Dir Path `yaml:"dir"`
	// The directory of `context.values`, one value in each `.json` file, as in an
	// exported app.
	Values Path `yaml:"values"`
	// The value of `context.environment.tag`.
	Environment string `yaml:"environment"`
	// The directory of `context.environment.values`, one file for each environment,
	// such as `production.json`, and `no-environment.json` for none, as in an
	// exported app.
	Environments Path `yaml:"environments"`
	// The names of the database in `context.services.get`.
	Services []string `yaml:"services" default:"mongodb-atlas"`
	// The hosts that functions may call with `context.http`. Empty: none.
	Hosts []string `yaml:"hosts"`
	// How many calls run at a time, each in its own process. From 1 to 64. A process
	// takes at most 72 MiB. `auto` is 1 to 4, which together take at most a sixth of
	// the memory, or one process.
	Processes AutoCount `yaml:"processes" default:"auto"`
}

// UserCreation is how to create the document of a user who has none, before they
// get their first token: with a function, a webhook or a template. If it fails, the
// user does not get a token.
type UserCreation struct {
	// A function of `functions.dir`, which gets the user object.
	Function string `yaml:"function"`
	// An HTTP endpoint that creates the document.
	Webhook Webhook `yaml:"webhook"`
	// A JSON file with the document to insert, possibly Extended JSON. The strings
	// `%%user.id`, `%%user.data.email` (or another name of `data`) and `%%now` are
	// replaced with the user's values.
	Document Path `yaml:"document"`
	// Whether a user whose document was deleted gets a new one. If not, the users who
	// got one are recorded in the collection `tokengraft_users`. `CREATE` triggers
	// record them there in any case.
	Recreate bool `yaml:"recreate" default:"true"`
	// For creating one document. Greater than zero.
	Timeout time.Duration `yaml:"timeout" default:"5s"`
}

// Enabled reports whether documents are created at all.
func (u UserCreation) Enabled() bool {
	return u.Function != "" || u.Webhook.URL != "" || u.Document != ""
}

// Webhook is an HTTP endpoint that creates users' documents.
type Webhook struct {
	// Gets a POST of `{"user": …}`. A 2xx response with a JSON object contains the
	// document; an empty 2xx response means that the webhook has inserted it.
	URL string `yaml:"url"`
	// Sent as a bearer token.
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
	// The ways to sign in that run it: values of `{provider}` in the pattern of a
	// rule. Empty: all.
	Providers []string `yaml:"providers"`
	// A function of `functions.dir`, which gets the event. This or `last_login` is
	// required.
	Function string `yaml:"function"`
	// A field of the document to set to the current time, instead of `function`. A
	// user without a document gets one with this field.
	LastLogin string `yaml:"last_login"`
	// Whether the login waits for it, so that its changes are in the token. If not,
	// it runs in the background, and is retried if it fails.
	Wait bool `yaml:"wait" default:"false"`
	// For one run. Greater than zero.
	Timeout time.Duration `yaml:"timeout" default:"2s"`
}

// Hooks reports whether anything runs when users sign in or are deleted.
func (c *Config) Hooks() bool {
	return c.UserCreation.Enabled() || len(c.Triggers) > 0 || len(c.Deletions) > 0
}

// FunctionsNamed returns the paths of the settings that name a function, and the
// names of the functions.
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
