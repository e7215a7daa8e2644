// Package e2e is the harness of the black-box suites in its subdirectories. It starts
// the sidecar through its command line, as a user does, and uses only what a user
// sees: listeners, log, metrics and exit code. The released program does not import
// it.
//
// A suite has a TestMain that calls [Main], and tests of this shape:
//
//	func TestMain(m *testing.M) { e2e.Main(m) }
//
//	func TestLogin_PutsTheDocumentIntoTheToken(t *testing.T) {
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
//			t.Errorf("POST /login: got %d %s, want the document in the token", got.Status, got.Body)
//		}
//	}
//
// [Start] runs the sidecar in the process of the test, or in a separate process if
// [Options.Program] is set. A test can measure and limit the memory, files and
// goroutines of a separate process (see [Sidecar.Usage]), and send it signals. When
// the test ends, the harness stops the sidecar and checks that its exit code is 0.
// [Leakproof] also checks that no goroutine of the sidecar still runs.
//
// A [Backend] answers as the test says. By default it returns the body of the
// request, so that a test says in one place what the client sends and what the
// backend issues. To send bytes that net/http would not send, use [Response.Raw] or
// package proxytest.
package e2e
