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
	// from are the addresses of the attacker, by default one that honest users do not have.
	from addresses
}

// addresses are those of an attacker. Honest users have 127.0.0.1.
type addresses int

const (
	oneAddress addresses = iota
	fourAddresses
	// sharedAddress is the one of the honest users, as behind one NAT or one load balancer.
	// The program cannot tell them from the attacker, and may refuse any of them.
	sharedAddress
)

func (a addresses) list() []net.IP {
	switch a {
	case fourAddresses:
		return []net.IP{net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3), net.IPv4(127, 0, 0, 4), net.IPv4(127, 0, 0, 5)}
	case sharedAddress:
		return []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	return []net.IP{net.IPv4(127, 0, 0, 2)}
}

func attackRows() []attackRow {
	return slices.Concat(memoryRows, addressRows, tokenRows(), functionRows)
}

var memoryRows = []attackRow{
	{name: "no attack", attack: func(a *attacker) { <-a.ctx.Done() }},
	{name: "header lines of 1 MiB", attack: floodHeaders},
	{name: "header lines without end", attack: trickleHeaders},
	{name: "forms of 1 MiB, fast", attack: func(a *attacker) { floodForms(a, "/slow", form(1<<20), "") }},
	{name: "forms of 1 MiB, slow", attack: func(a *attacker) { floodForms(a, "/anywhere", form(1 << 20)[:1<<20-30], "x") }},
	{name: "forms of 1 MiB to a rule, slow", attack: func(a *attacker) { floodForms(a, "/login", form(1 << 20)[:1<<20-30], "x") }},
	{name: "forms of 32 KiB to a rule, slow", attack: floodSmallForms},
	{name: "chunked forms, slow", attack: floodChunked},
	{name: "JSON of 1 MiB to a rule", attack: floodJSON},
	{name: "answers of 900 KB that are not read", attack: leaveAnswers},
	{name: "answers of 16 MiB that are not read", attack: leaveLargeAnswers},
	{name: "HTTP2, 250 forms on a connection", attack: floodStreams},
	{name: "HTTP2, header fields on many streams", attack: floodFields},
	{name: "HTTP2, streams that are reset", attack: resetStreams},
	{name: "connections without a request", attack: floodConnections},
	{name: "connections that are reset", attack: resetConnections},
	{name: "paths of 62 KB", attack: longPaths},
}

// addressRows are attacks from other addresses than one.
var addressRows = []attackRow{
	{name: "4 addresses, forms of 32 KiB to a rule, slow", attack: floodSmallForms, from: fourAddresses},
	{name: "shared address, forms of 32 KiB to a rule, slow", attack: floodSmallForms, from: sharedAddress},
	{name: "shared address, connections without a request", attack: floodConnections, from: sharedAddress},
}

// functionRows are the last, because a function that does not end would disturb the
// others.
var functionRows = []attackRow{
	{name: "a function that fills memory", attack: func(a *attacker) { loginAs(a, "array") }},
	{name: "a function with a huge number", attack: func(a *attacker) { loginAs(a, "number") }},
	{name: "a function with a slow expression", attack: func(a *attacker) { loginAs(a, "expression") }},
	{name: "a function without an end", attack: func(a *attacker) { loginAs(a, "loop") }},
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

// floodSmallForms sends most of forms that are small enough for the memory that large ones
// leave.
func floodSmallForms(a *attacker) {
	text := fmt.Sprintf("POST /login HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\n\r\n%s", formType, 32<<10, form(32<<10-1000))
	connections := size(500, 1000)
	if a.tls != nil {
		connections = size(350, 1000) // handshakes use the processors
	}
	a.eachOf(connections, func(int) { a.write(text, "x") })
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
		below(conn).SetReadBuffer(4 << 10)
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
		below(conn).SetLinger(0)
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
