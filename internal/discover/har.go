package discover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
)

// A HAR is a recorded session.
type HAR struct {
	Exchanges []Exchange
	Notes     []string // sentences about what the recording does not have
}

const (
	// maxHAR limits the size of a file, in bytes.
	maxHAR = 256 << 20
	// maxObjects limits the objects in a file, because each takes more memory than its text.
	// An entry of a browser has about a hundred.
	maxObjects = 1 << 20
	// maxOrigins limits how many origins an error lists.
	maxOrigins = 8
)

// ReadHAR reads a file in the format HAR 1.2, as browsers write it. Only entries of one
// origin count: the scheme and host of a URL. The error wraps [ErrNoToken] if there are
// none.
func ReadHAR(name string, origin *url.URL) (HAR, error) {
	text, err := readFile(name)
	if err != nil {
		return HAR{}, err
	}
	har, err := parseHAR(text, origin)
	if err != nil {
		return HAR{}, fmt.Errorf("%s: %w", name, err)
	}
	return har, nil
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxHAR+1))
	if err == nil && len(text) > maxHAR {
		err = fmt.Errorf("%s is larger than %d MiB. Record only the login, without the pages around it", name, maxHAR>>20)
	}
	return text, err
}

func parseHAR(text []byte, origin *url.URL) (HAR, error) {
	var file harFile
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if countObjects(text) > maxObjects {
		return HAR{}, fmt.Errorf("this has more than %d objects, and a recorded login has a few thousand. Record only the login, without the pages around it", maxObjects)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return HAR{}, harFault(text, err)
	}
	if file.Log.Entries == nil {
		return HAR{}, errors.New("this is not a HAR: it has no log.entries. Export it with “Save all as HAR” of the browser's network panel")
	}
	har := HAR{}
	var origins []string
	credentials := false
	for i, entry := range file.Log.Entries {
		at, err := url.Parse(entry.Request.URL)
		if err != nil || at.Host == "" {
			return HAR{}, fmt.Errorf("log.entries[%d].request.url is not a URL", i)
		}
		if !sameOrigin(at, origin) {
			origins = append(origins, at.Scheme+"://"+at.Host)
			continue
		}
		e, ok := entry.exchange(at)
		if !ok {
			continue
		}
		credentials = credentials || e.RequestHeader["Cookie"] != nil || e.RequestHeader["Authorization"] != nil
		har.Exchanges = append(har.Exchanges, e)
	}
	if len(har.Exchanges) == 0 {
		return HAR{}, otherOrigins(origin, origins)
	}
	if !credentials {
		har.Notes = append(har.Notes, "No request of the recording has a cookie or Authorization. Chrome leaves them out unless you export the HAR “with sensitive data”")
	}
	sortByTime(har.Exchanges)
	har.limit()
	return har, nil
}

// countObjects returns how many objects a text has if it is JSON.
func countObjects(text []byte) (n int) {
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++ // what follows is escaped
		case c == '"':
			inString = !inString
		case c == '{' && !inString:
			n++
		}
	}
	return n
}

// limit drops what is beyond the limits of a capture.
func (h *HAR) limit() {
	kept := 0
	for i := range h.Exchanges {
		if kept += len(h.Exchanges[i].Body) + len(h.Exchanges[i].RequestBody); i == maxExchanges || kept > maxKept {
			h.Notes = append(h.Notes, count(len(h.Exchanges)-i, "exchange")+" of the recording came after the first 1,000 or 64 MiB, and were not looked at")
			h.Exchanges = h.Exchanges[:i]
			return
		}
	}
}

// harFault says where a file is wrong. Its text has no value of the file.
func harFault(text []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := position(text, syntax.Offset)
		return fmt.Errorf("line %d, column %d: this is not JSON, so it is not a HAR. If the file ends there, export it again", line, column)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		line, column := position(text, wrong.Offset)
		return fmt.Errorf("line %d, column %d: this is not a HAR: %s has the wrong type", line, column, wrong.Field)
	}
	return errors.New("this is not a HAR")
}

// position returns the line and the column of an offset, from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:max(0, min(int(offset), len(text)))]
	return bytes.Count(before, []byte("\n")) + 1, max(1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}

// otherOrigins returns the error of a recording without an entry of an origin.
func otherOrigins(origin *url.URL, origins []string) error {
	slices.Sort(origins)
	origins = slices.Compact(origins)
	if len(origins) == 0 {
		return fmt.Errorf("%w: the recording has no answers", ErrNoToken)
	}
	more := ""
	if len(origins) > maxOrigins {
		origins, more = origins[:maxOrigins], " and others"
	}
	return fmt.Errorf("%w: the recording has nothing of %s. It has %s%s. If the backend is one of them under another address, name it with --har-origin", ErrNoToken, origin, strings.Join(origins, ", "), more)
}

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}
