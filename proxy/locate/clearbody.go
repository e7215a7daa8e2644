package locate

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// bodySigns reads a body that every parser reads alike. For any other body it says what
// is unclear.
func (r Request) bodySigns() (signs, Why) {
	switch {
	case r.Body == nil && r.HasBody:
		return signs{}, r.whyUnread()
	case len(r.Body) == 0:
		return signs{}, ""
	}
	media, params, ok := r.clearType()
	if !ok {
		return signs{}, WhyType
	}
	var s signs
	switch {
	case isForm(media):
		s.invalid = !s.addForm(string(r.Body))
	case isJSON(media):
		s.invalid = !s.addJSON(r.Body)
	case isMultipart(media):
		s.invalid = !s.addParts(params["boundary"], r.Body)
	default:
		return signs{}, WhyType
	}
	if s.invalid {
		return signs{}, WhyUnclear
	}
	return s, ""
}

// whyUnread says why a body was not read.
func (r Request) whyUnread() Why {
	if media, _, ok := r.clearType(); !ok || !isForm(media) && !isJSON(media) && !isMultipart(media) {
		return WhyType
	}
	return WhyUnread
}

// clearType returns the media type of the body, and false if there is none, more than
// one, or one that parsers may read differently.
func (r Request) clearType() (media string, params map[string]string, ok bool) {
	lines := r.Header["Content-Type"]
	if len(lines) != 1 {
		return "", nil, false
	}
	switch lines[0] { // most are one of these, which are not parsed
	case formType, formType + ";charset=UTF-8": // as fetch writes it
		return formType, nil, true
	case jsonType, jsonType + "; charset=utf-8":
		return jsonType, nil, true
	}
	media, params, err := mime.ParseMediaType(lines[0])
	lower := strings.ToLower(lines[0])
	return media, params, err == nil && !strings.Contains(lower, "*") && strings.Count(lower, "boundary=") <= 1 &&
		slices.Contains(charsets, strings.ToLower(params["charset"]))
}

// charsets are those in which a name of ASCII letters has only one spelling.
var charsets = []string{"", "utf-8", "utf8", "us-ascii", "iso-8859-1"}

// addForm adds the fields of a urlencoded form. It returns false for a form that parsers
// read differently.
func (s *signs) addForm(body string) bool {
	if strings.ContainsRune(body, ';') || startsLike(body, "{[-\ufeff") {
		return false
	}
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || s.fields == maxFields {
			return false
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return false
		}
		s.says = s.says || name != "grant_type" && saysRefresh(value)
		s.add(name, value, true)
	}
	return true
}

// startsLike reports whether a text starts with white space and one of the characters.
func startsLike(text, chars string) bool {
	text = strings.TrimLeft(text, " \t\r\n\x00")
	first, size := utf8.DecodeRuneInString(text)
	return size > 0 && strings.ContainsRune(chars, first)
}

// querySigns reads a query. If parsers read it differently, and it could have a
// grant_type, its invalid is true.
func querySigns(query string) (s signs) {
	if query == "" {
		return s
	}
	if !s.addForm(query) {
		_, err := url.QueryUnescape(query)
		s.other = true
		s.invalid = err != nil || s.fields == maxFields || strings.Contains(lettersOf(query), "granttype")
	}
	return s
}

// addJSON adds the members of a JSON object, at any depth: a GraphQL client has its
// fields under variables. It returns false for a text that parsers read differently.
func (s *signs) addJSON(body []byte) bool {
	s.polyglot = bytes.IndexByte(body, '&') >= 0 // it could also be a form
	maySay := saysRefreshIn(body) || bytes.Contains(body, []byte(`\u`))
	err := jsonedit.Walk(body, func(v jsonedit.Value) bool {
		if maySay && v.IsString() && v.Name != "grant_type" {
			s.says = s.says || saysRefresh(v.Text())
		}
		switch {
		case v.Depth == 0:
			return v.IsObject()
		case v.IsObject(), v.IsArray():
			s.fields++
			s.odd = s.odd || strings.Contains(lettersOf(v.Name), "granttype")
		case v.InArray:
			s.add(v.Name, "", false)
		case v.IsString():
			s.add(v.Name, textIf(v, v.Name == "grant_type" || mentionsRefresh(v.Name)), v.Depth == 1)
		default:
			s.addOther(v)
		}
		return s.fields <= maxFields
	})
	return err == nil
}

// saysRefreshIn is saysRefresh for a body. It does not copy it.
func saysRefreshIn(body []byte) bool {
	return slices.ContainsFunc(refreshWords, func(word string) bool { return containsFold(body, word) })
}

// containsFold reports whether a text has a word of lower-case ASCII letters in it, in any
// case of these letters. It does not copy the text.
func containsFold(text []byte, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && isFolded(text[i:], word) {
			return true
		}
	}
	return false
}

// isFolded reports whether a text starts with a word of lower-case ASCII letters, in any case.
func isFolded(text []byte, word string) bool {
	for i := range len(word) {
		if text[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// textIf returns the text of a string if it matters, because that copies it.
func textIf(v jsonedit.Value, matters bool) string {
	if matters {
		return v.Text()
	}
	return ""
}

// addOther adds a number, true, false or null.
func (s *signs) addOther(v jsonedit.Value) {
	value := ""
	if v.IsNumber() {
		value = "0"
	}
	s.add(v.Name, value, false)
}

// addParts adds the fields of a multipart form (RFC 7578). It returns false for a form
// that parsers read differently.
func (s *signs) addParts(boundary string, body []byte) bool {
	delimiter := []byte("--" + boundary)
	whole := bytes.TrimSuffix(body, []byte("\r\n"))
	if boundary == "" || !bytes.HasPrefix(body, append(slices.Clone(delimiter), "\r\n"...)) || !bytes.HasSuffix(whole, append(slices.Clone(delimiter), "--"...)) {
		return false
	}
	s.says = saysRefreshIn(body)
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		part, err := form.NextRawPart()
		if err != nil {
			return s.fields+1 == bytes.Count(body, delimiter)
		}
		name, file, ok := clearPart(part)
		if !ok {
			return false
		}
		value, err := readPart(part)
		if err != nil {
			return false
		}
		s.add(name, value, !file)
	}
	return false
}

// clearPart returns the name of a part, and false if parsers may read its header
// differently. file says that the part is a file.
func clearPart(part *multipart.Part) (name string, file, ok bool) {
	disposition := part.Header["Content-Disposition"]
	if len(disposition) != 1 || strings.ContainsAny(disposition[0], `%*\`) {
		return "", false, false
	}
	for header := range part.Header {
		if header != "Content-Disposition" && header != "Content-Type" {
			return "", false, false // such as Content-Transfer-Encoding
		}
	}
	kind, params, err := mime.ParseMediaType(disposition[0])
	_, file = params["filename"]
	name, named := params["name"]
	want := 1
	if file {
		want = 2
	}
	return name, file, err == nil && kind == "form-data" && named && len(params) == want
}

// readPart returns the start of the value of a part, which is enough for a grant_type.
func readPart(part *multipart.Part) (string, error) {
	var start [256]byte
	n, err := io.ReadFull(part, start[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return string(start[:n]), err
}
