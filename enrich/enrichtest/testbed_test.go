package enrichtest_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

func TestStartZitadel_ServesItsIssuer(t *testing.T) {
	const issuer = "http://127.0.0.1:9/"
	addr := enrichtest.StartZitadel(t, issuer, "http://127.0.0.1:9/callback")
	resp, err := http.Get(addr + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"issuer":"`+issuer+`"`) {
		t.Errorf("discovery = %s %s, %v; want issuer %s", resp.Status, body, err, issuer)
	}
}

func TestStartFerretDB_KillMakesAnOutage(t *testing.T) {
	uri, kill := enrichtest.StartFerretDB(t)
	addr := strings.TrimSuffix(strings.TrimPrefix(uri, "mongodb://"), "/")
	if !listens(addr) {
		t.Fatalf("nothing listens at %s", addr)
	}
	kill()
	if listens(addr) {
		t.Errorf("%s still listens after kill", addr)
	}
}

func listens(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
