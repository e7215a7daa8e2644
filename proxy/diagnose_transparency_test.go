package proxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A1: with diagnose: on, no byte of a response changes, whether a rule matches it or not.
func TestDiagnose_ChangesNoByteOfAnyResponse(t *testing.T) {
	for _, tt := range responses {
		for _, path := range []string{"/other", "/login"} {
			t.Run(tt.name+" "+path, func(t *testing.T) {
				matching := refusing(rule(t, "/login", "json:access_token", "cookie:token", "fragment:access_token", "form:t", "header:X-Token", "body"))
				f, _ := startResponding(t, tt.text, diagnosing(setup{rules: []proxy.Rule{matching}}, proxy.DiagnoseOn))
				res, body := f.ask(t, tt.method+" "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
				sameResponse(t, tt.method, tt.text, res, body)
			})
		}
	}
}

// A1, A8: a token at every kind of place is found in every coding, and no byte changes.
func TestDiagnose_FindsATokenAtEveryPlaceAndChangesNoByte(t *testing.T) {
	for _, place := range places {
		for _, coding := range codings {
			for _, version := range versions {
				t.Run(place.location+" "+coding.name+" "+version, func(t *testing.T) {
					var sent string
					s := diagnosing(setup{rules: []proxy.Rule{rule(t, "POST /other", place.location)}}, proxy.DiagnoseOn)
					f, _ := startIssuing(t, s, func(token string) string {
						sent = answer("HTTP/1.1 "+strings.ReplaceAll(place.head, "TOKEN", token)+"\nETag: \"1\"\nContent-Encoding: "+coding.header,
							compress(t, coding.writer, strings.ReplaceAll(place.body, "TOKEN", token)))
						return sent
					})
					defer f.Close()
					res, body := f.askOver(t, version)
					sameResponse(t, "POST", sent, res, body)
					if line := f.awaitLine(t, uncovered); !strings.Contains(line["places"].(string), place.location) {
						t.Errorf("logged %v, want %s", line, place.location)
					}
				})
			}
		}
	}
}

// A1: a response reaches the client while the backend sends it.
func TestDiagnose_Streams(t *testing.T) {
	for _, kind := range []string{"application/json", "text/html", "text/plain", "text/event-stream"} {
		arrived := make(chan bool)
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send("HTTP/1.1 200 OK\r\nContent-Type: " + kind + "\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunk("{"))
			<-arrived
			r.Send(chunk("}") + "0\r\nX-Sum: 7\r\n\r\n")
		})
		f := start(t, backend.URL, diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOn))
		w := f.dial(t)
		w.send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
		res := w.receive("GET")
		if _, err := io.ReadFull(res.Body, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		arrived <- true
		if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "}" || res.Trailer.Get("X-Sum") != "7" {
			t.Errorf("%s: the client read %q, %v second, and the trailer %v; want \"}\" and X-Sum: 7", kind, rest, err, res.Trailer)
		}
	}
}

// A7: an upgraded connection stays one.
func TestDiagnose_LeavesUpgradesAlone(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		r.Send(r.Receive(4))
	})
	f := start(t, backend.URL, diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOn))
	w := f.dial(t)
	w.send(request("GET", "/ws?token="+f.enriched(t, f.token("")), []string{"Connection: Upgrade", "Upgrade: websocket"}, ""))
	if res := w.receive("GET"); res.StatusCode != 101 {
		t.Fatalf("got %s, want 101", res.Status)
	}
	w.send("ping")
	if echoed := make([]byte, 4); readWhole(w.in, echoed) != nil || string(echoed) != "ping" {
		t.Errorf("got %q over the upgraded connection, want ping", echoed)
	}
}

func readWhole(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	return err
}
