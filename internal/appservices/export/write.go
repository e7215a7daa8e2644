package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Configuration returns a configuration file with comments. dir is the path of the
// export, relative to the directory of that file. Settings that an export does not
// have, such as the backend's address, are commented out. Text from the export is
// quoted.
func (a *App) Configuration(dir string) []byte {
	var w writer
	w.head(a)
	w.backend()
	w.documents(a)
	w.hooks(a, dir)
	w.access(a, dir)
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

// comment writes text as a comment of one line. It replaces line breaks and other
// unprintable characters, so that text from an export cannot end the comment.
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
	w.comment("Written by `tokengraft import app-services` from %s.", name)
	if len(a.Notes) > 0 {
		w.WriteString("#\n# Not imported:\n")
		for _, note := range a.Notes {
			w.comment("- %s", note)
		}
	}
}

func (w *writer) backend() {
	w.WriteString(`
# The address that clients connect to. Set the base URL of their SDKs to it.
listen: ${LISTEN:-0.0.0.0:8080}

# Behind a proxy that terminates TLS, set this to the URL that clients use. SDKs ask
# the server for its URL, and without this setting they get one with http.
# public_url: https://auth.example.com

# FILL IN: the address of the backend that issues the tokens now.
# backend: http://auth.internal:9000

# FILL IN: the keys that verify the backend's tokens. App Services signed with HS256,
# so the secret is enough. If you use jwks or public_key instead, also set
# sign: {keys: ./keys}.
# verify: {secret: "${JWT_SECRET}"}

# The preset has the paths, the claim user_data and its format that the SDKs expect.
# If your backend has other paths, remove it and write rules and
# claim: {name: user_data, format: app-services}
preset: app-services
`)
}

func (w *writer) documents(a *App) {
	if !a.Data.Enabled {
		w.WriteString(`
# Custom user data was not enabled in this app, so tokens are not changed. Set this
# to false to add documents to tokens.
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
	w.WriteString("  # App Services' tokens have the user's id in this claim.\n  user_id_claim: sub\n")
	w.setting("  ", "user_id_field", a.Data.UserIDField)
}

// setting writes a setting. If the export does not have its value, the setting is
// commented out.
func (w *writer) setting(indent, name, text string) {
	if text == "" {
		fmt.Fprintf(w, "%s# FILL IN\n%s# %s: \n", indent, indent, name)
		return
	}
	fmt.Fprintf(w, "%s%s: %s\n", indent, name, quote(text))
}

// quote writes text so that the configuration gets exactly this text. A JSON string
// is also a YAML string, and $${ is a literal ${.
func quote(text string) string {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(strings.ReplaceAll(text, "${", "$${")); err != nil {
		panic(err) // a string can always be encoded
	}
	return strings.TrimSuffix(quoted.String(), "\n")
}

func quoteAll(texts []string) (quoted []string) {
	for _, text := range texts {
		quoted = append(quoted, quote(text))
	}
	return quoted
}
