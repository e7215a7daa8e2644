package exhaustion_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// An attackRow is an attack. It lasts until the attacker's context ends.
type attackRow struct {
	name   string
	attack func(*attacker)
	// work is how long the program may use the processor for each second of the
	// attack. Zero means any time: the attacks on memory send as fast as they can.
	work time.Duration
}

func attackRows() []attackRow { return slices.Concat(memoryRows, tokenRows(), functionRows) }

var memoryRows = []attackRow{
	{"no attack", func(a *attacker) { <-a.ctx.Done() }, 0},
	{"header lines of 1 MiB", floodHeaders, 0},
	{"header lines without end", trickleHeaders, 0},
	{"forms of 1 MiB, fast", func(a *attacker) { floodForms(a, "/slow", form(1<<20), "") }, 0},
	{"forms of 1 MiB, slow", func(a *attacker) { floodForms(a, "/anywhere", form(1 << 20)[:1<<20-30], "x") }, 0},
	{"forms of 1 MiB to a rule, slow", func(a *attacker) { floodForms(a, "/login", form(1 << 20)[:1<<20-30], "x") }, 0},
	{"chunked forms, slow", floodChunked, 0},
	{"JSON of 1 MiB to a rule", floodJSON, 0},
	{"answers of 900 KB that are not read", leaveAnswers, 0},
	{"answers of 16 MiB that are not read", leaveLargeAnswers, 0},
	{"HTTP2, 250 forms on a connection", floodStreams, 0},
	{"HTTP2, header fields on many streams", floodFields, 0},
	{"HTTP2, streams that are reset", resetStreams, 0},
	{"connections without a request", floodConnections, 0},
	{"connections that are reset", resetConnections, 0},
	{"paths of 62 KB", longPaths, 0},
}

// functionRows are the last, because a function that does not end would disturb the
// others.
var functionRows = []attackRow{
	{"a function that fills memory", func(a *attacker) { loginAs(a, "array") }, 0},
	{"a function with a huge number", func(a *attacker) { loginAs(a, "number") }, 0},
	{"a function with a slow expression", func(a *attacker) { loginAs(a, "expression") }, 0},
	{"a function without an end", func(a *attacker) { loginAs(a, "loop") }, 0},
}

// tinyLines returns header lines of 1 MiB, each as short as possible.
var tinyLines = strings.Repeat("a:b\r\n", 1<<20/5)

func floodHeaders(a *attacker) {
	a.eachOf(100, func(int) { a.write("GET /anywhere HTTP/1.1\r\nHost: h\r\n"+tinyLines+"\r\n", "") })
}

// trickleHeaders sends just less than limits.headers, in few lines, and then a line every
// second.
func trickleHeaders(a *attacker) {
	long := strings.Repeat("a: "+strings.Repeat("b", 1000)+"\r\n", 60)
	a.eachOf(size(300, 1000), func(int) { a.write("GET /anywhere HTTP/1.1\r\nHost: h\r\n"+long, "a: b\r\n") })
}

func form(length int) string { return "a=" + strings.Repeat("b", length-2) }

// floodForms sends forms of 1 MiB, of which the last part may be missing.
func floodForms(a *attacker, path, body, trickle string) {
	text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\n\r\n%s", path, formType, 1<<20, body)
	a.eachOf(size(200, 1000), func(int) { a.write(text, trickle) })
}

// floodChunked sends forms without saying how long they are.
func floodChunked(a *attacker) {
	text := "POST /anywhere HTTP/1.1\r\nHost: h\r\n" + formType + "\r\nTransfer-Encoding: chunked\r\n\r\nfff00\r\n" + form(0xfff00) + "\r\n"
	a.eachOf(size(200, 1000), func(int) { a.write(text, "1\r\nx\r\n") })
}

func floodJSON(a *attacker) {
	body := `{"user":"` + strings.Repeat("b", 1<<20-20) + `"}`
	a.eachOf(size(200, 1000), func(int) { a.ask("POST", "/login", body, "Content-Type: application/json") })
}

// leaveAnswers asks for large answers of a rule, and does not read them.
func leaveAnswers(a *attacker) { a.leave("POST", "/padded", "user=mallory", size(100, 300)) }

func leaveLargeAnswers(a *attacker) { a.leave("GET", "/large", "", size(100, 500)) }

// leave sends a request on each of n connections, and does not read the answers.
func (a *attacker) leave(method, path, body string, n int) {
	a.eachOf(n, func(int) {
		conn, closed := a.dial()
		if conn == nil {
			return
		}
		defer closed()
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\n\r\n%s", method, path, formType, len(body), body)
		a.pause(5 * time.Second)
		a.note("left")
	})
}

// floodConnections opens more connections than the program may have files. While they
// are open, the configuration can be read again.
func floodConnections(a *attacker) {
	go a.eachOf(openFiles+size(200, 2000), func(i int) {
		begin := ""
		if i%2 == 0 {
			begin = "GET / HTTP/1.1\r\nHost: h\r\nX: "
		}
		a.write(begin, "")
	})
	a.pause(lasts() / 2)
	took, err := a.reload()
	if err != nil {
		a.t.Errorf("a reload while connections are exhausted: %v", err)
	}
	a.note("reload in " + took.Round(10*time.Millisecond).String())
	<-a.ctx.Done()
}

// resetConnections sends requests and resets their connections.
func resetConnections(a *attacker) {
	a.eachOf(size(50, 100), func(int) {
		conn, closed := a.dial()
		if conn == nil {
			return
		}
		defer closed()
		io.WriteString(conn, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
		a.pause(20 * time.Millisecond)
		conn.(*net.TCPConn).SetLinger(0)
		a.note("reset")
	})
}

func longPaths(a *attacker) {
	path := strings.Repeat("/%01", 62_000/4) // each byte is escaped twice in a log line
	a.perSecond(50, func(int) { a.ask("GET", path, "") })
}

// greet is the function that runs at each login. Some names make it misbehave.
const greet = `exports = function (event) {
	switch (event.user.id) {
	case "mallory-array": { const a = []; a.length = 4294967295; a.fill(0); return }
	case "mallory-number": return event.user.id.length && BigInt(2) ** (BigInt(2) ** BigInt(40));
	case "mallory-expression": return /^(a+)+$/.test("a".repeat(64) + "!");
	case "mallory-loop": for (;;) {}
	}
};
`

// loginAs logs in as users whose name makes the function misbehave.
func loginAs(a *attacker, name string) {
	a.perSecond(4, func(int) { a.ask("POST", "/login", "user=mallory-"+name, formType) })
}
