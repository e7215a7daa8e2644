// Package e2e is the one harness of the black-box suites below it. It starts the
// sidecar as a user does, through its command line, and sees only what a user
// sees: its listeners, its log, its metrics and its exit code. Nothing that is
// shipped imports it.
//
// A suite has a TestMain that calls [Main], and tests of this shape:
//
//	func TestMain(m *testing.M) { e2e.Main(m) }
//
//	func TestLogin_CarriesTheDocument(t *testing.T) {
//		issuer := enrichtest.NewIssuer(t, "ES256")
//		backend := e2e.StartBackend(t)
//		backend.Publish(e2e.JWKS(issuer))
//		sidecar := e2e.Start(t, e2e.Options{
//			Configuration: "backend: " + backend.URL + "\n" + rules,
//			Documents:     `[{"id":"anna","lang":"en"}]`,
//		})
//		sidecar.WaitReady(t)
//		got := sidecar.Public.Ask(t, "POST", "/login", `{"access_token":"`+issuer.Token(claims)+`"}`)
//		if got.Status != 200 || !strings.Contains(got.Body, …) {
//			t.Errorf("POST /login: %d %s, want the document in the token", got.Status, got.Body)
//		}
//	}
//
// [Start] runs the sidecar in this process, or as a process of its own if
// [Options.Program] names one: then its memory, files and goroutines can be
// counted (see [Sidecar.Usage]), it can be limited, and it can get signals. When
// the test ends, the harness stops the sidecar and wants exit code 0; a process
// of [Leakproof] also wants that nothing of it still runs.
//
// A [Backend] answers what the test says. By default it answers a request with
// the request's own body, so that a test says in one place what the client sends
// and what the backend issues. For answers that differ byte by byte from what
// net/http would send there are [Response.Raw] and package proxytest.
package e2e
