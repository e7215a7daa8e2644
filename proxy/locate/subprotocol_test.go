package locate_test

import (
	"encoding/base64"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

const subprotocols = "Sec-Websocket-Protocol"

// D1: the token is encoded again as the client encoded it.
func TestRestore_ReplacesTheTokenInAnEncodedSubprotocol(t *testing.T) {
	for name, encoding := range map[string]*base64.Encoding{
		"base64url.bearer.authorization.k8s.io.": base64.RawURLEncoding,
		"":                                       base64.RawURLEncoding,
		"auth.":                                  base64.StdEncoding,
	} {
		line := func(token string) string {
			return "base64.binary.k8s.io, " + name + encoding.EncodeToString([]byte(token)) + ",x"
		}
		r := locate.Request{Header: http.Header{subprotocols: {line(E)}}}
		got, names := r.Restore(nil, restoreE)
		if got.Header.Get(subprotocols) != line(T) || len(names) != 1 || r.Header.Get(subprotocols) != line(E) {
			t.Errorf("restored %q to %q at %q, want %q", line(E), got.Header.Get(subprotocols), names, line(T))
		}
	}
}

// D2: whatever subprotocol the backend chooses, the client sees what it offered.
func TestOffered_ShowsTheClientsSubprotocol(t *testing.T) {
	k8s := func(token string) string {
		return "base64url.bearer.authorization.k8s.io." + base64.RawURLEncoding.EncodeToString([]byte(token))
	}
	request := http.Header{subprotocols: {"bearer, " + E, k8s(E)}}
	restored, _ := locate.Request{Header: request}.Restore(nil, restoreE)
	offered := locate.OfferedIn(request, restored.Header)
	for chosen, want := range map[string]string{
		"bearer":                   "bearer",
		T:                          E,
		" " + T + " ":              " " + E + " ",
		k8s(T):                     k8s(E),
		"bearer, " + T:             "bearer, " + E,
		"accepted-" + T + ".other": "accepted-" + E + ".other",
		"":                         "",
	} {
		line := []string{chosen}
		response := http.Header{"Sec-WebSocket-Protocol": line, "Sec-Websocket-Accept": {T}}
		offered.Show(response)
		if got := line[0]; got != want {
			t.Errorf("the backend chose %q, and the client got %q, want %q", chosen, got, want)
		}
	}
}

// Byte for byte: with every token restored, the client sees again what it offered.
func FuzzOffered_InvertsRestore(f *testing.F) {
	for _, line := range []string{"bearer, " + T, "a.b." + T + ",,c", base64.RawURLEncoding.EncodeToString([]byte(T)), "k8s.io." + base64.StdEncoding.EncodeToString([]byte(T)) + ", " + U} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		request := http.Header{subprotocols: {line}}
		asked := ""
		swap := func(token string) (string, bool) {
			if asked == "" && !strings.HasSuffix(token, "-original") {
				asked = token
			}
			return token + "-original", token == asked
		}
		restored, names := locate.Request{Header: request}.Restore(nil, swap)
		offered := locate.OfferedIn(request, restored.Header)
		if changed := restored.Header.Get(subprotocols) != line; changed != (len(names) > 0) || changed != (len(offered) > 0) {
			t.Errorf("restoring %q gave %q, the locations %q and %d changed subprotocols", line, restored.Header, names, len(offered))
		}
		if asked != "" && strings.Contains(line, asked+"-original") {
			return // the client offered both
		}
		response := restored.Header.Clone()
		if offered.Show(response); !reflect.DeepEqual(response, request) {
			t.Errorf("the client offered %q, the backend got %q and chose all, and the client got %q", request, restored.Header, response)
		}
	})
}
