package cli

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

func TestTry_ReadsTheTokenFromTheFirstLine(t *testing.T) {
	for _, test := range []struct{ argument, stdin, want string }{
		{stdin: "a.b.c\n", want: "a.b.c"},
		{stdin: "\n  a.b.c \r\nd.e.f\n", want: "a.b.c"},
		{stdin: "Bearer a.b.c", want: "a.b.c"},
		{stdin: "bearer  a.b.c", want: "a.b.c"},
		{argument: "Bearer a.b.c", stdin: "d.e.f", want: "a.b.c"},
		{argument: " ", stdin: "d.e.f", want: "d.e.f"},
	} {
		token, err := tokenOf(strings.NewReader(test.stdin), []string{test.argument})
		if token != test.want || err != nil {
			t.Errorf("tokenOf(stdin %q, argument %q) = %q, %v; want %q", test.stdin, test.argument, token, err, test.want)
		}
	}
}

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
