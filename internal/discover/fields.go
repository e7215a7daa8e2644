package discover

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A field is a named text in a message.
type field struct {
	in    part
	name  string // of the innermost member, in a JSON body
	value string
}

// A part is a part of a message.
type part string

const (
	inBody   part = "body"
	inQuery  part = "query"
	inHeader part = "header"
	inCookie part = "cookie"
)

const (
	// maxFields limits how many fields of a message are looked at.
	maxFields = 2000
	// maxPartSize limits a part of a multipart form, in bytes. Files are not credentials.
	maxPartSize = 16 << 10
)

// requestFields returns the fields of a request.
func requestFields(e *Exchange) []field {
	fields := paramFields(inQuery, e.RawQuery)
	fields = append(fields, bodyFields(e.RequestHeader, e.RequestBody)...)
	for _, name := range sortedNames(e.RequestHeader) {
		for _, line := range e.RequestHeader[name] {
			if name == "Cookie" {
				fields = append(fields, cookieFields(line)...)
			} else if !isCommonHeader(name) {
				fields = append(fields, field{inHeader, name, withoutScheme(line)})
			}
		}
	}
	return fields[:min(len(fields), maxFields)]
}

// answerFields returns the fields of an answer that a client can send back.
func answerFields(e *Exchange) []field {
	fields := bodyFields(e.Header, e.Body)
	for _, name := range sortedNames(e.Header) {
		for _, line := range e.Header[name] {
			switch {
			case name == "Set-Cookie":
				pair, _, _ := strings.Cut(line, ";")
				fields = append(fields, cookieFields(pair)...)
			case name == "Location":
				_, query, _ := strings.Cut(line, "?")
				query, _, _ = strings.Cut(query, "#")
				_, fragment, _ := strings.Cut(line, "#")
				fields = append(fields, paramFields(inQuery, query)...)
				fields = append(fields, paramFields(inQuery, fragment)...)
			case !isCommonHeader(name):
				fields = append(fields, field{inHeader, name, withoutScheme(line)})
			}
		}
	}
	return fields[:min(len(fields), maxFields)]
}

func sortedNames(header http.Header) []string {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// isCommonHeader reports whether a header is about the transport or the content, so that
// no credential is in it.
func isCommonHeader(name string) bool {
	for _, prefix := range []string{"Accept", "Access-Control-", "Sec-", "Content-", "If-", "Cache-", "X-Forwarded-", "X-Frame-", "Cross-Origin-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"Age", "Alt-Svc", "Connection", "Date", "Etag", "Expires", "Host", "Last-Modified", "Nel", "Origin", "Pragma", "Referer", "Report-To", "Server",
		"Strict-Transport-Security", "Traceparent", "Tracestate", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via", "X-Powered-By", "X-Request-Id", "X-Runtime",
	}, name)
}

// withoutScheme returns a value without a word such as Bearer before it.
func withoutScheme(value string) string {
	return value[strings.LastIndexByte(strings.TrimRight(value, " "), ' ')+1:]
}

func cookieFields(line string) (fields []field) {
	for pair := range strings.SplitSeq(line, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		fields = append(fields, field{inCookie, name, strings.Trim(value, `"`)})
	}
	return fields
}

// paramFields returns the parameters of a urlencoded text, also if some are malformed.
func paramFields(in part, text string) (fields []field) {
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name = unescapeParam(name); name != "" && len(fields) < maxFields {
			fields = append(fields, field{in, name, unescapeParam(value)})
		}
	}
	return fields
}

func unescapeParam(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// bodyFields returns the fields of a form, or the strings and numbers of a JSON body.
func bodyFields(header http.Header, body []byte) []field {
	media, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return nil
	case media == "multipart/form-data":
		return multipartFields(body, params["boundary"])
	case media == "application/x-www-form-urlencoded":
		return paramFields(inBody, string(body))
	}
	return jsonFields(body)
}

func multipartFields(body []byte, boundary string) (fields []field) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for len(fields) < maxFields {
		p, err := reader.NextPart()
		if err != nil {
			return fields
		}
		value, err := io.ReadAll(io.LimitReader(p, maxPartSize))
		if err == nil && p.FileName() == "" {
			fields = append(fields, field{inBody, p.FormName(), string(value)})
		}
	}
	return fields
}

// jsonFields returns the texts and numbers of a JSON body, after a guard against other
// origins. It returns nil for other bodies.
func jsonFields(body []byte) (fields []field) {
	start := bytes.IndexAny(body, "{[")
	if start < 0 || start > len("\ufeffwhile (1);,\r\n") {
		return nil
	}
	err := jsonedit.Walk(bytes.TrimSpace(body[start:]), func(v jsonedit.Value) bool {
		if v.IsString() || v.IsNumber() {
			fields = append(fields, field{inBody, v.Name, v.Text()})
		}
		return len(fields) < maxFields
	})
	if err != nil && len(fields) < maxFields {
		return nil
	}
	return fields
}
