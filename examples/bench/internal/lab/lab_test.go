//go:build linux

package lab

import (
	"net"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// The test of peers starts sidecars with these configurations.
func TestYAML_HasWhatIsAskedFor(t *testing.T) {
	files := fixture.Folder("keys")
	for name, test := range map[string]struct {
		sidecar Sidecar
		has     []string
		hasNot  []string
	}{
		"secret": {
			Sidecar{Listen: "127.0.0.1:1", Backend: "127.0.0.1:2", Algorithm: "HS256"},
			[]string{"listen: 127.0.0.1:1\n", "backend: http://127.0.0.1:2\n", `admin: "off"`, `secret_file: "` + files.Secret() + `"`, `issuer: "` + fixture.Issuer + `"`, files.Documents()},
			[]string{"sign:", "mongodb", "refresh"},
		},
		"own keys": {
			Sidecar{Algorithm: "ES256", Admin: "127.0.0.1:3"},
			[]string{`jwks: "` + files.JWKS("ES256") + `"`, `sign: {keys: "keys/sidecar-es256"}`, `admin: "127.0.0.1:3"`},
			[]string{"secret_file"},
		},
		"another algorithm": {
			Sidecar{Algorithm: "RS256", SignWith: "ES256"},
			[]string{files.JWKS("RS256"), `sign: {keys: "keys/sidecar-es256", algorithm: ES256}`}, nil,
		},
		"store": {
			Sidecar{Algorithm: "ES256", Store: "127.0.0.1:4", Refresh: "always", Match: "POST /login", More: "log: {}"},
			[]string{`uri: "mongodb://127.0.0.1:4/"`, "refresh: always", `match: "POST /login"`, "\nlog: {}\n"},
			[]string{files.Documents()},
		},
	} {
		test.sidecar.Files = files
		text, err := test.sidecar.YAML()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range test.has {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is missing:\n%s", name, part, text)
			}
		}
		for _, part := range test.hasNot {
			if strings.Contains(text, part) {
				t.Errorf("%s: has %q:\n%s", name, part, text)
			}
		}
	}
}

func TestFreeAddress_CanBeListenedOn(t *testing.T) {
	address, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}
