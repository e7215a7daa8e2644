package discover

const (
	// maxCookie is how long a Set-Cookie line may be, without its name, in most browsers.
	maxCookie = 4096
	// maxHeaders is how long the header of a request may be at many servers.
	maxHeaders = 8 << 10
	// nearLimit is the part of a limit from which on it is worth a comment, in percent.
	nearLimit = 50
)

// lineSizes returns the header lines of tokens that have a limit, and the largest header
// of a request with a token.
func (s *session) lineSizes(sites []Site) (sizes []LineSize) {
	for _, site := range sites {
		if site.Line > 0 {
			sizes = append(sizes, LineSize{Pattern: site.Pattern, Location: site.Location, Bytes: site.Line, Limit: maxCookie})
		}
	}
	return sizes
}

// largestHeader returns the size of the largest header of a request with a token of the sites.
func (s *session) largestHeader() (size int, pattern string) {
	for i := range s.steps {
		st := &s.steps[i]
		if n := headerBytes(st.RequestHeader); len(st.asked) > 0 && n > size {
			size, pattern = n, st.pattern
		}
	}
	return size, pattern
}

func headerBytes(header map[string][]string) (n int) {
	for name, lines := range header {
		for _, line := range lines {
			n += len(name) + len(line) + len(": \r\n")
		}
	}
	return n
}
