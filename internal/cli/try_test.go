package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/config"
)

func TestTry_CanBeInterruptedWhileItWaitsForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, typing := io.Pipe()
		defer typing.Close()
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		if code := Run(ctx, []string{"try"}, stdin, io.Discard, io.Discard); code != exitFault {
			t.Errorf("try without a token, interrupted: exit code %d, want %d", code, exitFault)
		}
	})
}

func TestTry_GivesUpIfTheInputDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, typing := io.Pipe()
		defer typing.Close()
		go io.WriteString(typing, "{\n")
		_, err := readInput(t.Context(), bufio.NewReader(stdin), config.Default())
		if err == nil || !strings.Contains(err.Error(), "did not end within 5m") {
			t.Errorf("readInput of an input without an end: error %v, want one after 5 minutes", err)
		}
	})
}

// A person who types a token does not have to end the input.
func TestTry_TakesATokenBeforeTheEndOfTheInput(t *testing.T) {
	stdin, typing := io.Pipe()
	defer typing.Close()
	go io.WriteString(typing, "Bearer a.b.c\n")
	input, err := readInput(t.Context(), bufio.NewReader(stdin), config.Default())
	if err != nil || input.Token != "a.b.c" {
		t.Errorf("readInput = %q, %v; want the token a.b.c", input.Token, err)
	}
}

// endless is an input of one letter without an end. It counts what is read.
type endless struct {
	letter byte
	read   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.letter
	}
	e.read += len(p)
	return len(p), nil
}

func TestTry_ReadsNoMoreThanServeWould(t *testing.T) {
	for _, letter := range []byte("{a") {
		in := &endless{letter: letter}
		cfg := config.Default()
		input, err := readInput(t.Context(), bufio.NewReader(in), cfg)
		if _, usage := errors.AsType[*exitError](err); usage || letter == '{' && (err == nil || !strings.Contains(err.Error(), "limits.body")) {
			t.Errorf("readInput of endless %q: error %v, want one that names limits.body", letter, err)
		}
		if most := 4 * int(cfg.Limits.Body); in.read > most || len(input.Token) > most {
			t.Errorf("readInput of endless %q read %d bytes, want at most %d", letter, in.read, most)
		}
	}
}

func TestPrintable_LeavesNoControlCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü 漢": "plain ü 漢", "a\x1b[31mb\x07": `a\u001b[31mb\u0007`, "c\u009bd": `c\u009bd`, "e\u202ef": `e\u202ef`, "g\nh": `g\u000ah`, "\U000e0041": `\U000e0041`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWriteJSON_LeavesNoControlCharacters(t *testing.T) {
	value := []string{"a\u009bb", "c\U000e0041d", "e\nf", "ü"}
	var text strings.Builder
	if err := writeJSON(&text, value); err != nil {
		t.Fatal(err)
	}
	var read []string
	if err := json.Unmarshal([]byte(text.String()), &read); err != nil || !slices.Equal(read, value) || strings.ContainsAny(text.String(), "\u009b\U000e0041") {
		t.Errorf("writeJSON of %q = %q, %v; want the same text, without control characters", value, text.String(), err)
	}
}
