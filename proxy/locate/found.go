package locate

import "net/http"

// A Found is a token at one place of a message.
type Found struct {
	// Location is the rule's location; of a repeat, the place as a location.
	Location Location
	// Token is the text of the value, unescaped, without "Bearer". It need not
	// be a token at all: nothing is verified here.
	Token string
	// Overhead is how many bytes the header line has around the token: name,
	// colon, blank and the rest of the value. It is 0 in a body or query.
	Overhead int

	spot
}

// found makes the founds of the spans in a text.
func found(loc Location, at place, text string, spans []span) []Found {
	founds := make([]Found, 0, len(spans))
	for _, s := range spans {
		s = s.withoutBearer(text)
		if s.token == "" {
			continue
		}
		f := Found{Location: loc, Token: s.token, spot: spot{at, s.start, s.end}}
		if at.part == linePart {
			f.Overhead = len(at.header) + len(": ") + len(text) - (s.end - s.start)
		}
		founds = append(founds, f)
	}
	return founds
}

func foundInBody(loc Location, body []byte, spans []span) []Found {
	if len(spans) == 0 {
		return nil // as at most locations: not worth a copy of the body
	}
	return found(loc, place{}, string(body), spans)
}

const setCookie = "Set-Cookie"

// eachLine finds in every line of a header.
func eachLine(header http.Header, name string, loc Location, find func(string) []span) []Found {
	name = http.CanonicalHeaderKey(name)
	var founds []Found
	for i, text := range header[name] {
		founds = append(founds, found(loc, place{linePart, name, i}, text, find(text))...)
	}
	return founds
}
