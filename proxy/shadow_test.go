package proxy_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// chunk returns a chunk of a body (RFC 9112, section 7.1). The empty chunk is the last.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// inShadow returns the setup with shadow mode on.
func inShadow(s setup) setup {
	other := s.snapshot
	s.snapshot = func(snapshot *proxy.Snapshot) {
		if other != nil {
			other(snapshot)
		}
		snapshot.Shadow = true
	}
	return s
}

// E5, A1: shadow mode changes nothing, but still counts the token.
func TestShadow_ChangesNoByteAtAnyPlaceInAnyCodingOverAnyVersion(t *testing.T) {
	for _, place := range places {
		for _, coding := range codings {
			for _, version := range versions {
				t.Run(place.location+" "+coding.name+" "+version, func(t *testing.T) {
					var sent string
					s := inShadow(setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", place.location))}})
					f, _ := startIssuing(t, s, func(token string) string {
						sent = answer("HTTP/1.1 "+strings.ReplaceAll(place.head, "TOKEN", token)+"\nETag: \"1\"\nContent-Encoding: "+coding.header,
							compress(t, coding.writer, strings.ReplaceAll(place.body, "TOKEN", token)))
						return sent
					})
					defer f.Close()
					res, body := f.askOver(t, version)
					sameResponse(t, "POST", sent, res, body)
					waitFor(t, "the token to be counted ok", func() bool { return f.reason(t, enrich.OK) == 1 })
				})
			}
		}
	}
}

// E5, A1.
func TestShadow_ChangesNoByteOfAnyResponse(t *testing.T) {
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			matching := refusing(rule(t, "/login", "json:access_token", "cookie:token", "fragment:access_token", "form:t", "header:X-Token", "body"))
			f, _ := startResponding(t, tt.text, inShadow(setup{rules: []proxy.Rule{matching}}))
			res, body := f.ask(t, tt.method+" /login HTTP/1.1\r\nHost: h\r\n\r\n")
			sameResponse(t, tt.method, tt.text, res, body)
		})
	}
}

// E5: shadow mode counts the same as without it, which is in outcomes.txt.
func TestShadow_CountsTheSameAsLiveForRealBackends(t *testing.T) {
	want := readOutcomes(t)
	for _, d := range deployments {
		d.shadow = true
		r := startReplay(t, d)
		for _, path := range glob(t, d.captures) {
			c := readCapture(t, path)
			t.Run(c.name, func(t *testing.T) { r.replayInShadow(t, c, want[c.name]) })
		}
	}
}

func (r *replay) replayInShadow(t *testing.T, c capture, want string) {
	request, _ := readRequest(t, c.request)
	if request.URL.Path == r.jwksPath {
		if got := r.getMergedJWKS(t, c); got != want {
			t.Errorf("%s: outcome = %q, want %q", c.name, got, want)
		}
		return
	}
	r.answers <- c.response
	before := r.tally(t)
	res, body := r.ask(t, r.withEnriched(t, c.request))
	r.checkRequest(t, request, c)
	sameResponse(t, request.Method, c.response, res, body)
	waitFor(t, "the outcome "+want, func() bool { return difference(before, r.tally(t)) == want })
}

// G1, G3: it refuses neither before nor after the backend has answered.
func TestShadow_NeverRefuses(t *testing.T) {
	for _, reason := range reasons {
		s := newFakeEnricher(reason).use(refusing(rule(t, "POST /login", "json:access_token")))
		use := s.snapshot
		s.snapshot = func(snapshot *proxy.Snapshot) {
			use(snapshot)
			snapshot.Failing = func() bool { return true }
		}
		f, _ := startResponding(t, twoTokens, inShadow(s))
		res, body := f.ask(t, login)
		sameResponse(t, "POST", twoTokens, res, body)
		waitFor(t, "a token counted "+string(reason), func() bool { return f.reason(t, reason) == 1 })
	}
}

// G3: a source that hangs does not delay a login, not even on the same connection.
func TestShadow_DoesNotWaitForASourceThatHangs(t *testing.T) {
	released := make(chan struct{})
	hanging := sourceFunc(func(context.Context, enrich.Query) (enrich.Document, error) {
		<-released
		return enrich.Document{}, enrich.ErrNoDocument
	})
	f, _ := startIssuing(t, inShadow(setup{rules: logins(t), source: hanging}), func(token string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(`{"access_token":"`+token+`"}`) + chunk("")
	})
	w := f.dial(t)
	const requests, checked = 80, 64
	for range requests {
		w.send(login)
		if _, err := io.ReadAll(w.receive("POST").Body); err != nil {
			t.Fatal(err)
		}
	}
	close(released)
	waitFor(t, "64 tokens counted no_document", func() bool { return f.reason(t, enrich.NoDocument) == checked })
	ctx, stop := context.WithCancel(t.Context())
	stop()
	f.proxy.Run(ctx)
	if log := f.log.String(); !strings.Contains(log, `"missed":16`) {
		t.Errorf("log:\n%s\nwant \"missed\":%d, the number of responses that were not checked", log, requests-checked)
	}
}

// A1: without shadow mode, the proxy would read the whole body first.
func TestShadow_Streams(t *testing.T) {
	arrived := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
		<-arrived
		r.Send("}")
	})
	f := start(t, backend.URL, inShadow(setup{rules: logins(t)}))
	w := f.dial(t)
	w.send(login)
	res := w.receive("POST")
	if _, err := io.ReadFull(res.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	arrived <- true
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "}" {
		t.Errorf("the client read %q, %v second; want \"}\"", rest, err)
	}
}

// A8 applies only to responses that can change. In shadow mode the client gets the coding
// that it asked for.
func TestShadow_ForwardsAcceptEncodingUnchanged(t *testing.T) {
	f, backend := startResponding(t, twoTokens, inShadow(setup{rules: logins(t)}))
	f.ask(t, request("POST", "/login", []string{"Accept-Encoding: br;q=1, gzip"}, ""))
	if got := strings.Join(backend.Requests()[0].Header, "\n"); !strings.Contains(got, "Accept-Encoding: br;q=1, gzip") {
		t.Errorf("the backend got %s, want Accept-Encoding: br;q=1, gzip", got)
	}
}

// E5: tokens that were enriched before shadow mode was switched on still work.
func TestShadow_Restores(t *testing.T) {
	f, backend := startResponding(t, noContent, inShadow(restoring(t)))
	original := f.token("")
	f.ask(t, request("GET", "/userinfo", []string{"Authorization: Bearer " + f.enriched(t, original)}, ""))
	if got := strings.Join(backend.Requests()[0].Header, "\n"); !strings.Contains(got, "Authorization: Bearer "+original) {
		t.Errorf("the backend got %s, want the original %s", got, original)
	}
	if n := f.counted(t, "tokengraft.restored", attribute.String("location", "authorization")); n != 1 {
		t.Errorf("restored tokens = %d, want 1", n)
	}
}

// E5: verifiers can fetch the proxy's keys before a token is signed with them.
func TestShadow_PublishesTheMergedJWKS(t *testing.T) {
	f, backend := startResponding(t, noContent, inShadow(setup{}))
	want, _, err := f.ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	res, body := f.ask(t, "GET "+jwksPath+" HTTP/1.1\r\nHost: h\r\n\r\n")
	if res.StatusCode != 200 || body != string(want) || strings.Count(body, `"kid"`) != 2 || len(backend.Requests()) != 0 {
		t.Errorf("got %d %s, want 200 %s with 2 keys and no request to the backend", res.StatusCode, body, want)
	}
}

// E5.
func TestShadow_DoesNotAddClaimsToObjects(t *testing.T) {
	sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"sub":"u1"}`)
	f, _ := startResponding(t, sent, inShadow(setup{snapshot: func(s *proxy.Snapshot) { s.ObjectPaths = []string{"/userinfo"} }}))
	res, body := f.ask(t, "GET /userinfo HTTP/1.1\r\nHost: h\r\n\r\n")
	sameResponse(t, "GET", sent, res, body)
}

// A panic in shadow mode must not affect the login.
func TestShadow_SurvivesAPanic(t *testing.T) {
	broken := sourceFunc(func(context.Context, enrich.Query) (enrich.Document, error) { panic("eyJsecret") })
	f, original := startIssuing(t, inShadow(setup{rules: logins(t), source: broken}), loginResponse)
	if _, body := f.ask(t, login); !strings.Contains(body, original) {
		t.Errorf("body = %s, want the original token", body)
	}
	waitFor(t, "the panic to be logged", func() bool { return strings.Contains(f.log.String(), "panic while checking") })
	if strings.Contains(f.log.String(), "eyJsecret") {
		t.Errorf("log:\n%s\nwant it without the value of the panic", f.log.String())
	}
}

func TestShadow_IsSwitchedByASnapshot(t *testing.T) {
	f, original := startIssuing(t, setup{rules: logins(t)}, loginResponse)
	rules, err := proxy.NewRules(logins(t))
	if err != nil {
		t.Fatal(err)
	}
	live := proxy.Snapshot{Rules: rules, Enricher: f.enricher, Sizes: sizes}
	shadow := live
	shadow.Shadow = true
	for _, tt := range []struct {
		snapshot *proxy.Snapshot
		changed  bool
	}{{&shadow, false}, {&live, true}, {&shadow, false}, {&shadow, false}} {
		if err := f.proxy.Use(tt.snapshot); err != nil {
			t.Fatal(err)
		}
		if _, body := f.ask(t, login); strings.Contains(body, original) == tt.changed {
			t.Errorf("shadow %t: body = %s, want an enriched token: %t", tt.snapshot.Shadow, body, tt.changed)
		}
	}
}

// C4, E5: verifiers can learn the proxy's algorithms before a token is signed with them.
func TestShadow_EditsTheDiscoveryDocument(t *testing.T) {
	const place = "/.well-known/openid-configuration"
	f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"a":1}`), inShadow(setup{snapshot: func(s *proxy.Snapshot) {
		s.DiscoveryPaths, s.Edit = []string{place}, func([]byte) []byte { return []byte(`{"a":2}`) }
	}}))
	if _, body := f.ask(t, "GET "+place+" HTTP/1.1\r\nHost: h\r\n\r\n"); body != `{"a":2}` {
		t.Errorf("body = %s, want the edited document {\"a\":2}", body)
	}
}

// With Off, tokens are neither looked at nor counted, and enriched tokens are restored.
func TestSnapshot_OffLooksAtNoToken(t *testing.T) {
	for _, place := range places {
		t.Run(place.location, func(t *testing.T) {
			var sent string
			s := inShadow(setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", place.location))}, source: sourceFunc(func(context.Context, enrich.Query) (enrich.Document, error) {
				t.Error("a document was looked up")
				return enrich.Document{}, enrich.ErrNoDocument
			})})
			use := s.snapshot
			s.snapshot = func(snapshot *proxy.Snapshot) {
				use(snapshot)
				snapshot.Off = true
			}
			f, _ := startIssuing(t, s, func(token string) string {
				sent = answer("HTTP/1.1 "+strings.ReplaceAll(place.head, "TOKEN", token), strings.ReplaceAll(place.body, "TOKEN", token))
				return sent
			})
			res, body := f.ask(t, login)
			sameResponse(t, "POST", sent, res, body)
			ctx, stop := context.WithCancel(t.Context())
			stop()
			f.proxy.Run(ctx) // waits for copies that are being looked at
			for _, reason := range reasons {
				if n := f.reason(t, reason); n != 0 {
					t.Errorf("%d tokens are counted %s, want none", n, reason)
				}
			}
		})
	}
}
