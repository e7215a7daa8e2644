package locate

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// subprotocols is the header in which a client offers the subprotocols of a WebSocket
// (RFC 6455, section 4.1). Browsers let scripts set no other header of such a request, so
// clients offer a token as one of them. These forms are known:
//
//	bearer, TOKEN                                            many
//	v1.token.websocket.jupyter.org.TOKEN                     Jupyter
//	base64url.bearer.authorization.k8s.io.BASE64(TOKEN)      Kubernetes
//
// With dots before the token, any words may be in front of it.
const subprotocols = "Sec-Websocket-Protocol"

// restoreSubprotocols restores the tokens among the offered subprotocols. It adds the
// changes, and returns the number of tokens.
func (r Request) restoreSubprotocols(swap func(token string) (string, bool), changes *edits) (restored int) {
	for i, line := range r.Header[subprotocols] {
		at := place{linePart, subprotocols, i}
		for _, item := range listItems(line) {
			if original, ok := restoreSubprotocol(item.token, swap); ok {
				changes.addSpan(at, span{item.start, item.end, original})
				restored++
			}
		}
	}
	return restored
}

// restoreSubprotocol returns the subprotocol with the original of the token in it.
func restoreSubprotocol(name string, swap func(token string) (string, bool)) (string, bool) {
	start := lastParts(name, 3)
	if token := name[start:]; compact(token) {
		if original, ok := swap(token); ok {
			return name[:start] + original, true
		}
	}
	start = lastParts(name, 1)
	for _, encoding := range base64Encodings {
		token, err := encoding.DecodeString(name[start:])
		if err != nil || !compact(string(token)) {
			continue
		}
		original, ok := swap(string(token))
		return name[:start] + encoding.EncodeToString([]byte(original)), ok
	}
	return "", false
}

// lastParts returns the index of the last n parts of a text. Dots separate parts.
func lastParts(text string, n int) int {
	start := len(text) + 1
	for ; n > 0 && start > 0; n-- {
		start = strings.LastIndexByte(text[:start-1], '.') + 1
	}
	return start
}

// base64Encodings are those that clients use. Strict means that each text has one
// encoding, so that nothing else than the token changes.
var base64Encodings = []*base64.Encoding{
	base64.RawURLEncoding.Strict(), base64.RawStdEncoding.Strict(), base64.URLEncoding.Strict(), base64.StdEncoding.Strict(),
}

// listItems returns the elements of a list in a header (RFC 9110, section 5.6.1).
func listItems(line string) (items []span) {
	for start := 0; start <= len(line); {
		item, _, _ := strings.Cut(line[start:], ",")
		items = append(items, trimmed(line, start, start+len(item)))
		start += len(item) + len(",")
	}
	return items
}

// Offered are the subprotocols that a client offered and that [Request.Restore] changed, by
// what the backend got. A backend chooses one of those that it got. The client must see
// what it offered: browsers close a connection with another subprotocol, and a token of
// the backend must not reach the client (law D2). A nil Offered has none.
type Offered map[string]string

// OfferedIn returns the subprotocols that differ between the header of a request and that
// of the result of [Request.Restore].
func OfferedIn(request, restored http.Header) Offered {
	var offered Offered
	for i, line := range request[subprotocols] {
		if line == restored[subprotocols][i] {
			continue
		}
		after := listItems(restored[subprotocols][i])
		for j, item := range listItems(line) {
			if item.token != after[j].token {
				if offered == nil {
					offered = Offered{}
				}
				offered[after[j].token] = item.token
			}
		}
	}
	return offered
}

// Show replaces what the backend chose with what the client offered, in the header of the
// response.
func (o Offered) Show(response http.Header) {
	if len(o) == 0 {
		return // the usual case
	}
	for name, lines := range response {
		if !strings.EqualFold(name, subprotocols) {
			continue
		}
		for i, line := range lines {
			lines[i] = o.shown(line)
		}
	}
}

// shown returns a line of the response as the client must see it. A backend that adds
// something to what it chose does not show its token either.
func (o Offered) shown(line string) string {
	var changes []span
	for _, item := range listItems(line) {
		shown, ok := o[item.token]
		if !ok {
			shown = item.token
			for sent, offered := range o {
				shown = strings.ReplaceAll(shown, sent, offered)
			}
		}
		changes = append(changes, span{item.start, item.end, shown})
	}
	return spliceText(line, changes)
}
