package backend

import "net/http"

// greetings are by language. Users without a known language are greeted in English.
var greetings = map[string]string{"de": "Hallo", "en": "Hello", "es": "Hola", "fr": "Bonjour"}

// greeting greets a user in the language of the header X-User-Language, which the setting
// forward of tokengraft can set.
func (b *Backend) greeting(w http.ResponseWriter, r *http.Request) {
	if _, ok := b.user(presented(r)); !ok {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	language := r.Header.Get("X-User-Language")
	greeting, ok := greetings[language]
	if !ok {
		greeting = greetings["en"]
	}
	writeJSON(w, http.StatusOK, map[string]any{"greeting": greeting, "language": language})
}
