package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Configuration returns the configuration file, with comments; dir is where the
// export is, as seen from where that file will be. What an export
// cannot know, the backend's address above all, is commented out in it. Its
// values are text of the export, quoted.
func (a *App) Configuration(dir string) []byte {
	var w writer
	w.head(a)
	w.backend()
	w.documents(a)
	w.hooks(a, dir)
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

// comment writes text as a comment, whatever is in it.
func (w *writer) comment(format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, fmt.Sprintf(format, args...))
	fmt.Fprintf(w, "# %s\n", text)
}

func (w *writer) head(a *App) {
	name := "an App Services app"
	if a.ID != "" {
		name = fmt.Sprintf("the App Services app %q", a.ID)
	}
	w.comment("Made of %s by `tokengraft import app-services`.", name)
	if len(a.Notes) > 0 {
		w.WriteString("#\n# Not carried over:\n")
		for _, note := range a.Notes {
			w.comment("- %s", note)
		}
	}
}

func (w *writer) backend() {
	w.WriteString(`
# Where the clients come in: the base URL that their SDKs are given.
listen: ${LISTEN:-0.0.0.0:8080}

# Behind a proxy that ends TLS say what the clients type: SDKs ask for the address
# to go to, and are told http otherwise.
# public_url: https://auth.example.com

# FILL IN: the backend that issues the tokens now, as seen from here.
# backend: http://auth.internal:9000

# FILL IN: how its tokens are verified. App Services signed with HS256, for which
# the secret is all. With jwks or public_key instead, sign: {keys: ./keys} too.
# verify: {secret: "${JWT_SECRET}"}

# The paths, the claim user_data and its format that the SDKs know. With a backend
# of another kind leave this out, and write rules, and
# claim: {name: user_data, format: app-services}
preset: app-services
`)
}

func (w *writer) documents(a *App) {
	if !a.Data.Enabled {
		w.WriteString(`
# Custom user data was not enabled: nothing is put into tokens until this is false.
shadow: true
`)
	}
	w.WriteString("\ndocuments:\n  mongodb:\n")
	if source := a.documentSource(); source != nil && source.Cluster != "" {
		w.WriteString("    ")
		w.comment("FILL IN: the connection string of the cluster %q.", source.Cluster)
	} else {
		w.WriteString("    # FILL IN: the connection string.\n")
	}
	w.WriteString("    uri: ${MONGODB_URI:-mongodb://127.0.0.1:27017}\n")
	w.setting("    ", "database", a.Data.Database)
	w.setting("    ", "collection", a.Data.Collection)
	w.WriteString("  # The user's id in App Services' tokens.\n  user_id_claim: sub\n")
	w.setting("  ", "user_id_field", a.Data.UserIDField)
}

// setting writes a setting, commented out where the export does not say it.
func (w *writer) setting(indent, name, text string) {
	if text == "" {
		fmt.Fprintf(w, "%s# FILL IN\n%s# %s: \n", indent, indent, name)
		return
	}
	fmt.Fprintf(w, "%s%s: %s\n", indent, name, quote(text))
}

// quote writes text so that it is taken as it is: a JSON string is one of YAML,
// and $${ is no variable.
func quote(text string) string {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(strings.ReplaceAll(text, "${", "$${")); err != nil {
		panic(err) // it is text
	}
	return strings.TrimSuffix(quoted.String(), "\n")
}
