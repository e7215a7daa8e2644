package discover

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A harFile is the part of a HAR 1.2 that is read.
type harFile struct {
	Log struct {
		Entries []harEntry `json:"entries"`
	} `json:"log"`
}

type harEntry struct {
	Started  string `json:"startedDateTime"`
	Request  harRequest
	Response harResponse
}

type harRequest struct {
	Method  string
	URL     string
	Headers []harPair
	Cookies []harPair
	Post    *struct {
		MIMEType string    `json:"mimeType"`
		Text     *string   `json:"text"`
		Params   []harPair `json:"params"`
		Encoding string    `json:"encoding"` // of some programs
	} `json:"postData"`
	Size int `json:"bodySize"`
}

type harResponse struct {
	Status   int
	Headers  []harPair
	Cookies  []harPair
	Redirect string `json:"redirectURL"`
	Content  struct {
		Size     int     `json:"size"`
		MIMEType string  `json:"mimeType"`
		Text     *string `json:"text"`
		Encoding string  `json:"encoding"`
	}
}

type harPair struct{ Name, Value string }

// exchange returns the exchange of an entry. It returns false for one without an answer,
// such as a request that the browser blocked.
func (h *harEntry) exchange(at *url.URL) (Exchange, bool) {
	if h.Response.Status < 200 || !isMethod(h.Request.Method) {
		return Exchange{}, false
	}
	e := Exchange{
		Method: h.Request.Method, Path: at.EscapedPath(), RawQuery: at.RawQuery, Status: h.Response.Status,
		RequestHeader: headerOf(h.Request.Headers), Header: headerOf(h.Response.Headers), Recorded: true,
	}
	if e.Path == "" {
		e.Path = "/"
	}
	e.At, _ = time.Parse(time.RFC3339Nano, h.Started)
	if e.RequestHeader.Get("Host") == "" {
		e.RequestHeader.Set("Host", at.Host)
	}
	h.addRequestBody(&e)
	h.addCookies(&e)
	h.addBody(&e)
	return e, true
}

// isMethod reports whether a rule can name a method.
func isMethod(method string) bool {
	return method != "" && len(method) <= 16 && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// headerOf returns a header. It leaves out the pseudo headers of HTTP/2, and splits what
// Firefox joins with line breaks.
func headerOf(pairs []harPair) http.Header {
	header := http.Header{}
	for _, pair := range pairs {
		if strings.HasPrefix(pair.Name, ":") {
			continue
		}
		for line := range strings.SplitSeq(pair.Value, "\n") {
			header.Add(pair.Name, strings.TrimSuffix(line, "\r"))
		}
	}
	return header
}

// addCookies adds cookies that are only in the lists of cookies.
func (h *harEntry) addCookies(e *Exchange) {
	if e.RequestHeader["Cookie"] == nil && len(h.Request.Cookies) > 0 {
		var pairs []string
		for _, cookie := range h.Request.Cookies {
			pairs = append(pairs, cookie.Name+"="+cookie.Value)
		}
		e.RequestHeader.Set("Cookie", strings.Join(pairs, "; "))
	}
	if e.Header["Set-Cookie"] == nil {
		for _, cookie := range h.Response.Cookies {
			e.Header.Add("Set-Cookie", cookie.Name+"="+cookie.Value)
		}
	}
	if e.Header["Location"] == nil && h.Response.Redirect != "" {
		e.Header.Set("Location", h.Response.Redirect)
	}
}

func (h *harEntry) addRequestBody(e *Exchange) {
	post := h.Request.Post
	e.HasRequestBody = post != nil || h.Request.Size > 0
	if post == nil {
		return
	}
	if e.RequestHeader.Get("Content-Type") == "" {
		e.RequestHeader.Set("Content-Type", post.MIMEType)
	}
	switch {
	case e.RequestHeader.Get("Content-Encoding") != "":
	case post.Text != nil && *post.Text != "":
		e.RequestBody, _ = textOf(*post.Text, post.Encoding)
	case len(post.Params) > 0:
		form := url.Values{}
		for _, param := range post.Params {
			form.Add(param.Name, param.Value)
		}
		e.RequestBody = []byte(form.Encode())
		e.RequestHeader.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

// addBody adds the body of the answer, from which browsers remove the content coding.
func (h *harEntry) addBody(e *Exchange) {
	content := h.Response.Content
	e.Header.Del("Content-Encoding")
	if e.Header.Get("Content-Type") == "" && content.MIMEType != "" {
		e.Header.Set("Content-Type", content.MIMEType)
	}
	if isMedium(e.Header) {
		return
	}
	if content.Text == nil {
		e.Cut = content.Size > 0
		return
	}
	body, ok := textOf(*content.Text, content.Encoding)
	switch {
	case !ok:
		e.Cut = true
	case !isScript(e.Header, body):
		e.Body = body
	}
}

// textOf returns a body, and false if it is too large or not in base64 as it says.
func textOf(text, encoding string) ([]byte, bool) {
	if !strings.EqualFold(encoding, "base64") {
		return []byte(text), len(text) <= maxBody
	}
	body, err := base64.StdEncoding.DecodeString(text)
	return body, err == nil && len(body) <= maxBody
}
