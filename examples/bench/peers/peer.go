//go:build linux

package main

import (
	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

// A peer is a proxy that is measured.
type peer struct {
	name  string
	start func(b *bench, backend *lab.Server) (*lab.Server, error)
	// signs is the algorithm of the tokens in its responses to logins. Empty means
	// that it does not change them.
	signs string
}

// Names of peers that targets refer to.
const (
	yardstick  = "bare `ReverseProxy`, tuned"
	floor      = "floor program"
	nginxLua   = "nginx + Lua"
	tokengraft = "**tokengraft**"
	withLog    = "**tokengraft**, access log"
	fromCache  = "**tokengraft**, MongoDB, cached"
	fromStore  = "**tokengraft**, MongoDB, read each time"
	es256Out   = "**tokengraft**, signs with ES256"
)

var (
	bare = peer{name: yardstick, start: func(b *bench, backend *lab.Server) (*lab.Server, error) {
		return b.StartBare(backend)
	}}
	bareDefault = peer{name: "bare `ReverseProxy`, default", start: func(b *bench, backend *lab.Server) (*lab.Server, error) {
		return b.StartBare(backend, "-tuned=false")
	}}
	nginx   = peer{name: "nginx", start: func(b *bench, s *lab.Server) (*lab.Server, error) { return startNginx(b.Lab, s) }}
	haproxy = peer{name: "HAProxy", start: func(b *bench, s *lab.Server) (*lab.Server, error) { return startHAProxy(b.Lab, s) }}
	caddy   = peer{name: "Caddy", start: func(b *bench, s *lab.Server) (*lab.Server, error) { return b.startCaddy(s) }}
)

func floorOf(algorithm string) peer {
	return peer{name: floor, signs: algorithm, start: func(b *bench, backend *lab.Server) (*lab.Server, error) {
		return b.StartFloor(backend, algorithm)
	}}
}

func nginxLuaOf(algorithm string) peer {
	return peer{name: nginxLua, signs: algorithm, start: func(b *bench, backend *lab.Server) (*lab.Server, error) {
		return startNginxLua(b.Lab, backend, algorithm)
	}}
}

// sidecar is a tokengraft. With stored it reads documents from the store.
func sidecar(name string, c lab.Sidecar, stored bool) peer {
	signs := c.Algorithm
	if c.SignWith != "" {
		signs = c.SignWith
	}
	return peer{name: name, signs: signs, start: func(b *bench, backend *lab.Server) (*lab.Server, error) {
		c.Backend = backend.Address
		if stored {
			c.Store = b.store.Address
		}
		return b.StartSidecar(b.program, c)
	}}
}

// A group is a table: peers that get the same load.
type group struct {
	name      string
	algorithm string // of the backend's tokens
	request   load.Request
	length    int // of the response's body, if it is not a login
	peers     []peer
}

// check returns the check of a peer's responses.
func (g group) check(b *bench, p peer) (load.Check, error) {
	if g.length > 0 {
		return load.Length(g.length), nil
	}
	if p.signs == "" {
		key, err := b.Files.BackendKey(g.algorithm)
		return load.Untouched(key), err
	}
	key, err := b.Files.SidecarKey(p.signs)
	return load.Enriched(key, b.DocumentSize), err
}

func login(algorithm string, peers ...peer) group {
	return group{name: algorithm + " login", algorithm: algorithm, request: load.Login("/oauth/token"), peers: peers}
}

func passThrough(name, path string, length int) group {
	hop := sidecar(tokengraft, lab.Sidecar{Algorithm: "HS256"}, false)
	return group{name: name, algorithm: "HS256", request: load.Get(path), length: length,
		peers: []peer{bareDefault, nginx, haproxy, caddy, hop}}
}

// Names of groups that targets refer to.
const (
	pass1K  = "no rule matches, 1 KB"
	pass64K = "no rule matches, 64 KB"
)

// groups returns everything that is measured per request. The yardstick is in every
// group, and is not in the list of its peers.
func groups() []group {
	return []group{
		login("HS256", floorOf("HS256"), nginxLuaOf("HS256"), sidecar(tokengraft, lab.Sidecar{Algorithm: "HS256"}, false)),
		login("ES256", floorOf("ES256"), nginxLuaOf("ES256"),
			sidecar(tokengraft, lab.Sidecar{Algorithm: "ES256"}, false),
			sidecar(withLog, lab.Sidecar{Algorithm: "ES256", AccessLog: true}, false),
			sidecar(fromCache, lab.Sidecar{Algorithm: "ES256"}, true),
			sidecar(fromStore, lab.Sidecar{Algorithm: "ES256", Refresh: "always"}, true)),
		login("EdDSA", floorOf("EdDSA"), sidecar(tokengraft, lab.Sidecar{Algorithm: "EdDSA"}, false)),
		login("RS256", floorOf("RS256"), nginxLuaOf("RS256"),
			sidecar(tokengraft, lab.Sidecar{Algorithm: "RS256"}, false),
			sidecar(es256Out, lab.Sidecar{Algorithm: "RS256", SignWith: "ES256"}, false)),
		passThrough(pass1K, "/bytes/1024", 1<<10),
		passThrough(pass64K, "/bytes/65536", 64<<10),
	}
}
