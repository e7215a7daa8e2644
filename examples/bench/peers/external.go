//go:build linux

package main

import (
	"context"
	"embed"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// caddyModule is the version that is measured, because Debian's is years old.
const caddyModule = "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9"

//go:embed configs
var configs embed.FS

var templates = template.Must(template.ParseFS(configs, "configs/*"))

// A site is what the configuration of another proxy needs to know.
type site struct {
	Listen, Backend string
	Dir             string // for its files
	Root            bool   // whether this process is root, whose files nginx's workers must read

	Lua                              bool
	Algorithm, Issuer, KeyID         string
	VerifyKey, SigningKey, Documents string
}

// A missingError says why a peer cannot be measured, and how to get it.
type missingError struct{ reason, remedy string }

func (e missingError) Error() string { return e.reason + ". " + e.remedy }

// find returns the path of a program, or a missingError.
func find(program, packages string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil { // servers are not on the PATH of every user
		path, err = exec.LookPath(filepath.Join("/usr/sbin", program))
	}
	if err != nil {
		return "", missingError{program + " is not installed", "Debian: apt-get install " + packages}
	}
	return path, nil
}

// external starts a program with a configuration: the content of args that is {} is the file.
func external(l *lab.Lab, backend *lab.Server, s site, program, config string, args ...string) (*lab.Server, error) {
	var err error
	if s.Listen, err = lab.FreeAddress(); err != nil {
		return nil, err
	}
	s.Backend, s.Root = backend.Address, os.Getuid() == 0
	if s.Dir, err = os.MkdirTemp(l.Dir, "peer-"); err != nil {
		return nil, err
	}
	for _, name := range []string{config, "enrich.lua"} {
		if err := s.write(name); err != nil {
			return nil, err
		}
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{}", filepath.Join(s.Dir, config))
	}
	command := proc.Command{Name: filepath.Base(program), Path: program, Args: args, Core: lab.ProxyCore, Env: []string{"HOME=" + s.Dir}}
	return l.Start(command, s.Listen)
}

// Port returns the port of Listen. Caddy answers only the hosts in its configuration, so
// that must not have one.
func (s site) Port() string {
	_, port, _ := net.SplitHostPort(s.Listen)
	return port
}

// write executes a template to a file of the same name.
func (s site) write(name string) error {
	file, err := os.Create(filepath.Join(s.Dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	return templates.ExecuteTemplate(file, name, s)
}

func startNginx(l *lab.Lab, backend *lab.Server) (*lab.Server, error) {
	program, err := find("nginx", "nginx")
	if err != nil {
		return nil, err
	}
	return external(l, backend, site{}, program, "nginx.conf", "-e", "stderr", "-c", "{}")
}

const luaPackages = "nginx libnginx-mod-http-lua lua-cjson lua-luaossl lua-resty-core lua-resty-lrucache"

func startNginxLua(l *lab.Lab, backend *lab.Server, algorithm string) (*lab.Server, error) {
	program, err := find("nginx", luaPackages)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat("/usr/lib/nginx/modules/ngx_http_lua_module.so"); err != nil {
		return nil, missingError{"nginx does not have Lua", "Debian: apt-get install " + luaPackages}
	}
	key, err := l.Files.SidecarKey(algorithm)
	if err != nil {
		return nil, err
	}
	s := site{
		Lua: true, Algorithm: algorithm, Issuer: fixture.Issuer, KeyID: key.ID,
		VerifyKey: l.Files.PublicKey(algorithm), SigningKey: l.Files.SigningKey(algorithm), Documents: l.Files.Documents(),
	}
	if algorithm == "HS256" {
		s.VerifyKey = l.Files.Secret()
	}
	return external(l, backend, s, program, "nginx.conf", "-e", "stderr", "-c", "{}")
}

func startHAProxy(l *lab.Lab, backend *lab.Server) (*lab.Server, error) {
	program, err := find("haproxy", "haproxy")
	if err != nil {
		return nil, err
	}
	return external(l, backend, site{}, program, "haproxy.cfg", "-db", "-f", "{}")
}

// installCaddy builds Caddy if the plan allows it. Without it, startCaddy fails.
func (b *bench) installCaddy() {
	if !b.install || !b.only.MatchString(pass1K) && !b.only.MatchString(pass64K) {
		return
	}
	log.Print("go install ", caddyModule)
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", caddyModule)
	install.Env = append(os.Environ(), "GOBIN="+b.Path("bin"), "GOFLAGS=", "CGO_ENABLED=0")
	install.WaitDelay = time.Second
	if out, err := install.CombinedOutput(); err != nil {
		log.Printf("Caddy is left out: %v: %.200s", err, out)
	}
}

// installTimeout is enough for a machine that has to download and compile all of Caddy.
const installTimeout = 5 * time.Minute

func (b *bench) startCaddy(backend *lab.Server) (*lab.Server, error) {
	program := b.Path("bin/caddy")
	if _, err := os.Stat(program); err != nil {
		if !b.install {
			return nil, missingError{"the quick form does not build Caddy", "Leave out -quick"}
		}
		return nil, missingError{"go install " + caddyModule + " failed", "The log says why"}
	}
	return external(b.Lab, backend, site{}, program, "Caddyfile", "run", "--adapter", "caddyfile", "--config", "{}")
}
