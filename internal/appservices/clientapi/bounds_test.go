package clientapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/clientapi"
)

// held is a service whose calls of anna run until the channel end is closed.
type held struct{ running, end chan struct{} }

func (h held) Call(_ context.Context, c appservices.Caller, _ string, _ []json.RawMessage) (json.RawMessage, error) {
	if c.Identity.ID == "anna" {
		h.running <- struct{}{}
		<-h.end
	}
	return json.RawMessage("1"), nil
}

// One user could otherwise take all turns of calls with slow queries.
func TestHandler_OneUserDoesNotTakeAllTurns(t *testing.T) {
	const most = 16
	o, h := options(), held{make(chan struct{}), make(chan struct{})}
	o.Timeout, o.Service = time.Minute, h
	handler, body := clientapi.New(o), `{"name":"find","service":"mongodb-atlas"}`
	answers := make(chan *httptest.ResponseRecorder, most)
	for range most {
		go func() { answers <- sendTo(handler, "anna", body) }()
		<-h.running
	}
	checkError(t, sendTo(handler, "anna", body), 429, "LimitExceeded", "")
	if other := sendTo(handler, "ben", body); other.Code != 200 {
		t.Errorf("another user: got %d, want 200", other.Code)
	}
	close(h.end)
	for range most {
		if got := <-answers; got.Code != 200 {
			t.Errorf("one of %d calls: got %d %s, want 200", most, got.Code, got.Body)
		}
	}
	go func() { <-h.running }()
	if again := sendTo(handler, "anna", body); again.Code != 200 {
		t.Errorf("afterwards: got %d, want 200", again.Code)
	}
}

// A value of two bytes takes a hundred in memory, so the number of values is bounded, and
// their memory is taken before they are read.
func TestHandler_TakesMemoryForTheValuesOfACall(t *testing.T) {
	const most = 99_990
	for _, test := range []struct {
		name, argument string
		status         int
		least          int64
	}{
		{"one value", `1`, 200, 160},
		{"text with commas", `"` + strings.Repeat(`,[{\"`, 1000) + `"`, 200, 160},
		{"many numbers", `[1` + strings.Repeat(`,1`, most) + `]`, 200, 160 * most},
		{"too many numbers", `[1` + strings.Repeat(`,1`, 100_000) + `]`, 413, 0},
		{"too many arrays", `[[]` + strings.Repeat(`,[]`, 50_000) + `]`, 413, 0},
		{"too many documents", `[{"a":1}` + strings.Repeat(`,{"a":1}`, 50_000) + `]`, 413, 0},
	} {
		o, first := options(), int64(0)
		o.Reserve = func(_ context.Context, n int64) bool {
			if first == 0 {
				first = n
			}
			return true
		}
		got := send(o, "anna", `{"name":"f","arguments":[`+test.argument+`]}`)
		if got.Code != test.status || first < test.least || test.least == 160 && first > 160*10 {
			t.Errorf("%s: got %d %.100s and %d bytes were taken first, want %d and about %d", test.name, got.Code, got.Body, first, test.status, test.least)
		}
	}
	o := options()
	o.Reserve = func(_ context.Context, n int64) bool { return n < 1000*160 }
	o.Functions = failing{errors.New("it was called")}
	checkError(t, send(o, "anna", `{"name":"f","arguments":[[1`+strings.Repeat(`,1`, 1000)+`]]}`), 503, "InternalServerError", "too many calls at this time. Try again later")
}
