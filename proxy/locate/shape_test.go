package locate_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// jws is a token of the shape that is looked for.
var jws = encoded(`{"alg":"RS256"}`) + "." + encoded(`{"sub":"u1"}`) + ".c2lnbmF0dXJl"

func TestHasToken_RecognizesAJWSAtAnyPlace(t *testing.T) {
	utf16 := strings.Join(strings.Split(jws, ""), "\x00") + "\x00"
	spaced := encoded(`{ "typ":"JWT", "alg":"HS256" }`) + "." + encoded(`{}`) + ".eA"
	for _, test := range []struct {
		name, header, body string
		want               bool
	}{
		{"nothing", "X-A: b", "<html><form>", false},
		{"a version number", "", "1.2.3 example.com a.b.c", false},
		{"an object without alg", "", encoded(`{"id":5}`) + ".a.b", false},
		{"a JWE", "", encoded(`{"alg":"dir","enc":"A128GCM"}`) + "..a.b.c", false},
		{"an object with another alg", "", encoded(`{"alg":-7}`) + " " + encoded(`{"algorithm":"SHA-256"}`), false},
		{"two parts", "", encoded(`{"alg":"RS256"}`) + "." + encoded(`{}`), true},
		{"one part", "", encoded(`{"alg":"RS256"}`) + " ", true},
		{"after letters", "", "xyz" + jws, true},
		{"base64", "", "n=" + encoded(`{"t":"`+jws+`"}`), true},
		{"base64 after a name", "", "base64-" + encoded(`{"t":"`+jws+`"}`), true},
		{"base64 of binary data", "", encoded("\x80\x04\x95\x00\x01\x02\x03\x04\x05\x06\x07\x80\x80\x80" + jws), true},
		{"base64 in base64 in a URL", "", "a%3D" + strings.ReplaceAll(encoded(`{"a":"`+encoded(`{"t":"`+jws+`"}`)+`"}`), "e", "%65"), true},
		{"a detached payload", "", encoded(`{"alg":"RS256"}`) + "..c2ln", false},
		{"alone", "", jws, true},
		{"JSON", "", `{"a":{"b":["` + jws + `"]}}`, true},
		{"XML", "", "<t>" + jws + "</t>", true},
		{"after a name", "", "token-" + jws, true},
		{"after Bearer", "", "Bearer_" + jws, true},
		{"packed", "", "a$" + jws + "$b", true},
		{"without a signature", "", encoded(`{"alg":"none"}`) + "." + encoded(`{}`) + ".", true},
		{"spaces in its header", "", spaced, true},
		{"with padding", "", encoded(`{"alg":"ES256"}`) + "==." + encoded(`{}`) + "=.eA", true},
		{"an escaped line before it", "", `"\n` + jws + `"`, true},
		{"escaped JSON", "", `"\u0065` + jws[1:] + `"`, true},
		{"JSON in JSON", "", `"{\"t\":\"\\u0065` + jws[1:] + `\"}"`, true},
		{"escaped HTML", "", `&#101;` + jws[1:] + ` &#x65;`, true},
		{"an escaped URL", "", `u=%65` + strings.ReplaceAll(jws[1:], ".", "%2E"), true},
		{"UTF-16", "", utf16, true},
		{"a header", "X-Any: " + jws, "", true},
		{"a cookie", "Set-Cookie: a=" + jws + "; Path=/", "", true},
		{"a redirect", "Location: https://app/#t=" + jws, "", true},
		{"state of a redirect", "Location: https://app/?code=" + jws + "&state=" + jws, "", false},
		{"state in its fragment", "Location: https://app/#state=" + jws, "", false},
		{"more than state in state", "Location: https://app/?state=a?t=" + jws, "", true},
		{"state and a token", "Location: https://app/?state=" + jws + "&x=" + jws, "", true},
		{"state of a form", "", `<form><input type=hidden name=state value="` + jws + `">`, false},
		{"a token in a form", "", `<form><input type=hidden name=state value="` + jws + `"><input type=hidden name=t value=` + jws + ">", true},
	} {
		name, value, _ := strings.Cut(test.header, ": ")
		r := locate.Response{Header: http.Header{name: {value}}, Body: []byte(test.body)}
		if got := r.HasToken(func(string) bool { return false }); got != test.want {
			t.Errorf("%s: HasToken = %t, want %t", test.name, got, test.want)
		}
		if r.HasToken(func(token string) bool { return token == jws || token == spaced }) && strings.Count(test.header+test.body, jws) == 1 {
			t.Errorf("%s: HasToken = true for a token to ignore", test.name)
		}
	}
}

// The tokens in a token are its own.
func TestHasToken_LooksIntoNoToken(t *testing.T) {
	outer := encoded(`{"alg":"RS256"}`) + "." + encoded(`{"act":"`+jws+`"}`) + ".c2ln"
	r := locate.Response{Body: []byte(`{"t":"` + outer + `"}`)}
	if r.HasToken(func(token string) bool { return token == outer }) {
		t.Error("HasToken = true for a token in the payload of another, want false")
	}
}

// A client can make a backend repeat input, so the work on a response must be bounded.
func TestHasToken_IsFastAndStrictForManyCandidates(t *testing.T) {
	header := encoded(`{"alg":"RS256","x":"` + strings.Repeat("x", 300) + `"}}`) // invalid
	began := time.Now()
	if !(locate.Response{Body: []byte(strings.Repeat(header+".a.b ", 2000))}).HasToken(func(string) bool { return true }) {
		t.Error("HasToken = false for 2,000 candidates, want true")
	}
	nested := strings.Repeat("-eyJhbGciOiJ", 100_000)
	locate.Response{Body: []byte(nested)}.HasToken(func(string) bool { return true })
	wrapped := strings.Repeat("%41", 60_000)
	for range 3 {
		wrapped = base64.StdEncoding.EncodeToString([]byte(wrapped[:min(len(wrapped), 3<<16)]))
		locate.Response{Body: []byte(wrapped)}.HasToken(func(string) bool { return true })
	}
	if took := time.Since(began); took > 20*time.Second { // work that is not bounded takes minutes
		t.Errorf("HasToken took %s, want less than a second on an idle machine", took)
	}
}

func TestTokens_AreThoseOfTheWholeRequest(t *testing.T) {
	r := locate.Request{
		Path: "/a/" + jws, Query: "state=" + jws,
		Header: http.Header{"Authorization": {"Bearer " + jws}},
		Body:   []byte("a=" + jws + "&b=" + strings.ReplaceAll(jws, ".", "%2E")),
	}
	if got := tokensOf(r); len(got) < 5 {
		t.Errorf("Tokens = %d tokens, want 5", len(got))
	}
	guessed := encoded(`{"alg":"RS256"}`)
	r = locate.Request{Query: "a=" + guessed + "&b=" + guessed + "." + encoded(`{}`) + "&c=" + guessed + "." + encoded(`{}`) + "."}
	if got := tokensOf(r); len(got) > 0 {
		t.Errorf("Tokens = %q, want none without a signature, because a client can guess them", got)
	}
}

func tokensOf(r locate.Request) (tokens []string) {
	r.Tokens(func(token string) { tokens = append(tokens, token) })
	return tokens
}
