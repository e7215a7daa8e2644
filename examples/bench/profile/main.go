//go:build linux

// Profile writes profiles of the sidecar's process under load:
//
//	go run ./profile [-algorithm HS256] [-path /bytes/1024] [-to FOLDER]
//
// Without -path it is logins. The program is built with one more file, which serves
// net/http/pprof; the file is not in the repository's package, so no release has it. Read the profiles
// with `go tool pprof`.
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/lab"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
	"github.com/tokengraft/tokengraft/examples/bench/internal/proc"
)

// overlay has the file that is added to the sidecar's package main.
//
//go:embed overlay/pprof.go.txt
var overlay embed.FS

// addressVariable is the environment variable that the file reads.
const addressVariable = "BENCH_PPROF"

func main() {
	algorithm := flag.String("algorithm", "HS256", "of the tokens")
	path := flag.String("path", "", "profile requests for this path instead of logins")
	to := flag.String("to", ".", "the folder for cpu.pprof and allocs.pprof")
	length := flag.Duration("length", 10*time.Second, "how long it measures")
	flag.Parse()
	request := load.Login("/oauth/token")
	if *path != "" {
		request = load.Get(*path)
	}
	if err := run(*algorithm, request, *to, *length); err != nil {
		log.Fatal(err)
	}
}

func run(algorithm string, request load.Request, to string, length time.Duration) error {
	if err := proc.PinSelf(lab.OtherCore()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tokengraft-profile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(dir, 10_000, 0)
	if err != nil {
		return err
	}
	defer l.Close()
	address, err := lab.FreeAddress()
	if err != nil {
		return err
	}
	os.Setenv(addressVariable, address)
	sidecar, err := start(l, algorithm)
	if err != nil {
		return err
	}
	profile := make(chan error, 1)
	go func() {
		time.Sleep(length / 10) // until the caches are warm
		url := fmt.Sprintf("http://%s/debug/pprof/", address)
		err := save(fmt.Sprintf("%sprofile?seconds=%d", url, int(length.Seconds())), filepath.Join(to, "cpu.pprof"))
		profile <- errors.Join(err, save(url+"allocs", filepath.Join(to, "allocs.pprof")))
	}()
	m, err := lab.Measure(sidecar, load.Options{Request: request, Users: l.Users}, 0, length+length/5)
	if err != nil {
		return err
	}
	fmt.Printf("%d requests, %v of processor time each, %d errors\n", m.Requests, m.CPU, m.Errors)
	return <-profile
}

// start starts a sidecar that serves profiles, in front of a backend.
func start(l *lab.Lab, algorithm string) (*lab.Server, error) {
	file, err := writeOverlay(l)
	if err != nil {
		return nil, err
	}
	program, err := l.BuildSidecar("-overlay", file)
	if err != nil {
		return nil, err
	}
	backend, err := l.StartBackend(algorithm)
	if err != nil {
		return nil, err
	}
	return l.StartSidecar(program, lab.Sidecar{Backend: backend.Address, Algorithm: algorithm})
}

// writeOverlay writes the file for the -overlay of go build, and returns its path.
func writeOverlay(l *lab.Lab) (string, error) {
	content, err := overlay.ReadFile("overlay/pprof.go.txt")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(l.Path("pprof.go"), content, 0o600); err != nil {
		return "", err
	}
	added := filepath.Join(lab.Root(), "pprof.go")
	replacements, err := json.Marshal(map[string]any{"Replace": map[string]string{added: l.Path("pprof.go")}})
	if err != nil {
		return "", err
	}
	return l.Path("overlay.json"), os.WriteFile(l.Path("overlay.json"), replacements, 0o600)
}

// save writes what a URL answers to a file.
func save(url, name string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
