//go:build linux

// Package lab sets up a measurement: it builds the programs, makes keys and documents,
// starts backends and proxies, and measures what a load costs a proxy.
//
// The proxy that is measured has core 0, and everything else the last core.
package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// ProxyCore is the core of what is measured.
const ProxyCore = 0

// OtherCore is the core of everything else: backends, stores and the load.
func OtherCore() int { return runtime.NumCPU() - 1 }

// A Lab is a folder with programs, keys and documents, and the processes that it has
// started. Close must be called.
type Lab struct {
	Dir   string
	Files fixture.Folder
	// Users is how many users there are, and DocumentSize the size of their documents;
	// see fixture.Document.
	Users        int
	DocumentSize int

	started []*Server
	built   map[string]bool // programs of this module
}

// New makes a lab in a folder, which it creates: keys of all algorithms and a
// file with the documents of so many users.
func New(dir string, users, documentSize int) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{Dir: dir, Files: fixture.Folder(filepath.Join(dir, "keys")), Users: users, DocumentSize: documentSize, built: map[string]bool{}}
	for _, sub := range []string{l.bin(""), l.Path("log"), string(l.Files)} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, err
		}
	}
	if err := l.Files.WriteKeys(); err != nil {
		return nil, err
	}
	return l, l.Files.WriteDocuments(users, documentSize)
}

// Path returns the path of a file of the lab.
func (l *Lab) Path(name string) string { return filepath.Join(l.Dir, name) }

func (l *Lab) bin(program string) string { return filepath.Join(l.Dir, "bin", program) }

// Build builds a program of this module, by the name of its folder, and returns its path.
func (l *Lab) Build(program string) (string, error) {
	if l.built[program] {
		return l.bin(program), nil
	}
	l.built[program] = true
	return l.bin(program), build(filepath.Join(Root(), "examples", "bench"), "./"+program, l.bin(program))
}

// BuildSidecar builds tokengraft as releases do, and returns its path. It may have more
// flags of go build.
func (l *Lab) BuildSidecar(flags ...string) (string, error) {
	path := l.bin("tokengraft")
	return path, build(Root(), ".", path, append([]string{"-trimpath", "-ldflags=-s -w"}, flags...)...)
}

func build(module, program, to string, flags ...string) error {
	args := append([]string{"build", "-o", to}, flags...)
	cmd := exec.Command("go", append(args, program)...)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", program, err, out)
	}
	return nil
}

// Root returns the folder of the repository, from the path of this file.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
}

// A Server is a process that listens on an address.
type Server struct {
	*proc.Process
	Address string
}

// Port returns the port of the address.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Address)
	return port
}

// FreeAddress returns an address of the loopback interface that is free now. Its port is
// below those that the kernel gives to connections and to other listeners.
func FreeAddress() (address string, err error) {
	for range 100 {
		address = fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", err
}

// startTimeout is for programs that read or sign much before they listen.
const startTimeout = 2 * time.Minute

// Start starts a program and waits until it listens on address. Close stops it, if
// Stop has not done so before.
func (l *Lab) Start(c proc.Command, address string) (*Server, error) {
	c.Log = l.Path(filepath.Join("log", fmt.Sprintf("%02d-%s", len(l.started), c.Name)))
	process, err := proc.Start(c)
	if err != nil {
		return nil, err
	}
	s := &Server{Process: process, Address: address}
	l.started = append(l.started, s)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return s, s.Await(ctx, address)
}

// Close stops every process.
func (l *Lab) Close() {
	for _, s := range l.started {
		s.Stop()
	}
}

// start builds and starts a program of this module.
func (l *Lab) start(program string, core int, args ...string) (*Server, error) {
	path, err := l.Build(program)
	if err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	args = append([]string{"-address", address}, args...)
	return l.Start(proc.Command{Name: program, Path: path, Args: args, Core: core}, address)
}

// StartBackend starts the auth backend, with tokens of an algorithm.
func (l *Lab) StartBackend(algorithm string, args ...string) (*Server, error) {
	common := []string{"-keys", string(l.Files), "-algorithm", algorithm, "-users", strconv.Itoa(l.Users)}
	return l.start("backend", OtherCore(), append(common, args...)...)
}

// StartStore starts the store that imitates MongoDB.
func (l *Lab) StartStore(args ...string) (*Server, error) {
	common := []string{"-users", strconv.Itoa(l.Users), "-size", strconv.Itoa(l.DocumentSize)}
	return l.start("store", OtherCore(), append(common, args...)...)
}

// StartBare starts the yardstick in front of a backend.
func (l *Lab) StartBare(backend *Server, args ...string) (*Server, error) {
	return l.start("bare", ProxyCore, append([]string{"-backend", "http://" + backend.Address}, args...)...)
}

// StartFloor starts the least program that does the sidecar's job.
func (l *Lab) StartFloor(backend *Server, algorithm string) (*Server, error) {
	return l.start("floor", ProxyCore, "-backend", "http://"+backend.Address, "-keys", string(l.Files),
		"-algorithm", algorithm, "-users", strconv.Itoa(l.Users), "-size", strconv.Itoa(l.DocumentSize))
}
