package discover

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

const (
	// stopTimeout is how long requests in flight may take at the end of a capture.
	stopTimeout = 2 * time.Second
	// headerTimeout is how long a client may take for the header of a request.
	headerTimeout = 30 * time.Second
)

// watch captures a session until ctx ends, or until there are enough answers.
func watch(ctx context.Context, o Options) (exchanges []Exchange, dropped int, err error) {
	listener, err := net.Listen("tcp", o.listen())
	if err != nil {
		return nil, 0, fmt.Errorf("--listen: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := progress{w: o.Stderr, terminal: o.Terminal, left: o.Requests, enough: stop}
	capture, err := NewCapture(CaptureOptions{Backend: o.Backend, Host: o.Host, Logger: warnings(o.Stderr), Started: p.learn, Done: p.report})
	if err != nil {
		listener.Close()
		return nil, 0, err
	}
	p.start(listener.Addr(), o)
	server := &http.Server{Handler: capture, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	_ = server.Shutdown(grace) // its only error is that grace ended
	_ = server.Close()
	exchanges, dropped = capture.Exchanges()
	return exchanges, dropped, err
}

// listen returns the address to listen on: by default a free port on loopback.
func (o *Options) listen() string {
	if o.Listen == "" {
		return "127.0.0.1:0"
	}
	return o.Listen
}

// warnings returns a logger for the warnings of the proxy, without its access log.
func warnings(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// A progress says what happens during a capture. It may be used concurrently.
type progress struct {
	w        io.Writer
	terminal bool
	enough   context.CancelFunc

	mu       sync.Mutex
	left     int // requests until the end; negative or zero means that there is no such end
	advice   string
	sessions []Exchange // with tokens; to know what is still worth doing
	shape    shape      // of all exchanges so far
}

func (p *progress) start(address net.Addr, o Options) {
	fmt.Fprintf(p.w, "listening on http://%s in front of %s\n", address, o.Backend)
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(p.w, "warning: this is not a loopback address. Others can log in through it, and discover keeps their passwords and tokens in memory. Use --listen 127.0.0.1:PORT\n")
	}
	fmt.Fprintln(p.w, "log in through this address now, with a browser, curl or your app")
	if o.Requests == 0 {
		fmt.Fprintln(p.w, "press Ctrl-C at the end: then the configuration is printed")
	}
}

// report prints a line about an exchange with tokens.
func (p *progress) report(e Exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.count()
	s := newSession([]Exchange{e})
	p.remember(s)
	s.shape = p.shape
	text := s.tokenText()
	if text == "" {
		return
	}
	fmt.Fprintf(p.w, "%s %s %d: %s\n", e.Method, p.shape.shownPath(e.Path), e.Status, text)
	if len(p.sessions) < maxExchanges/10 {
		p.sessions = append(p.sessions, e)
	}
	p.advise()
}

// maxPersonal limits how many texts a progress remembers that say who somebody is.
const maxPersonal = 10_000

// learn remembers who somebody is in a request, before their client can know the answer:
// the path of a later request, which may end earlier, does not show it.
func (p *progress) learn(request Exchange) {
	s := newSession([]Exchange{request})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remember(s)
}

func (p *progress) remember(s *session) {
	if p.shape.personal == nil {
		p.shape = shape{map[string]bool{}, map[string]bool{}}
	}
	for _, st := range s.steps {
		for _, o := range st.asked {
			if token, err := enrich.ParseToken(o.Token); err == nil {
				addClaimed(s.shape.claimed, token)
			}
		}
	}
	if len(p.shape.personal) < maxPersonal {
		maps.Copy(p.shape.personal, s.shape.personal)
		maps.Copy(p.shape.personal, s.shape.claimed)
		maps.Copy(p.shape.claimed, s.shape.claimed)
	}
}

// count ends the capture if there are enough answers.
func (p *progress) count() {
	if p.left--; p.left == 0 {
		p.enough()
	}
}

// tokenText says where the tokens of the first step are. It is empty if there are none.
func (s *session) tokenText() string {
	if len(s.steps) == 0 {
		return ""
	}
	st := &s.steps[0]
	var texts []string
	for _, found := range []struct {
		what        string
		occurrences []locate.Occurrence
	}{{"a JWT at ", st.answer}, {"a JWT came back in ", st.asked}} {
		var places []string
		for _, o := range found.occurrences {
			if place := s.shape.showLocation(o.Location); !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
		if len(places) > 0 {
			texts = append(texts, found.what+strings.Join(places, " and "))
		}
	}
	return strings.Join(texts, ", ")
}

// advise says on a terminal what is still worth doing, when that changes.
func (p *progress) advise() {
	if !p.terminal {
		return
	}
	sortByTime(p.sessions) // an exchange is reported when it ends
	a := Analyze(p.sessions)
	advice := ""
	switch {
	case len(a.Sites) == 0:
	case len(a.Restores) == 0:
		advice = "now use the app, so that the token comes back"
	case !slices.ContainsFunc(a.Refreshes, func(r Refresh) bool { return r.Seen }):
		advice = "now refresh the token (or wait until the app does), then log out"
	case len(a.Logouts) == 0:
		advice = "now log out"
	default:
		advice = "all was seen: press Ctrl-C"
	}
	if advice != "" && advice != p.advice {
		p.advice = advice
		fmt.Fprintln(p.w, advice)
	}
}
