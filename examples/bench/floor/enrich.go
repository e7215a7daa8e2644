package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// maxBody is the largest response of a login.
const maxBody = 1 << 20

var errToken = errors.New("the backend's token is not valid")

var base64url = base64.RawURLEncoding

// An enricher adds documents to the tokens in the responses to logins.
type enricher struct {
	algorithm string
	header    []byte // the first part of enriched tokens, with its dot
	documents *cache
	verify    verifier
	sign      signer
	scratch   sync.Pool // of *scratch
}

// scratch has the buffers of one response. They are free when its body is closed.
type scratch struct {
	in        []byte // the body from the backend
	claims    []byte
	signature []byte
	out       []byte // the body for the client
}

func newEnricher(files fixture.Folder, algorithm string, documents *cache) (*enricher, error) {
	backend, err := files.BackendKey(algorithm)
	if err != nil {
		return nil, err
	}
	sidecar, err := files.SidecarKey(algorithm)
	if err != nil {
		return nil, err
	}
	header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, algorithm, sidecar.ID)
	return &enricher{
		algorithm: algorithm,
		header:    append(base64url.AppendEncode(nil, []byte(header)), '.'),
		documents: documents,
		verify:    newVerifier(backend),
		sign:      newSigner(sidecar),
		scratch:   sync.Pool{New: func() any { return new(scratch) }},
	}, nil
}

// modifyResponse replaces the token in the response to a login.
func (e *enricher) modifyResponse(r *http.Response) error {
	if r.Request.URL.Path != "/oauth/token" || r.StatusCode != http.StatusOK {
		return nil
	}
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		return fmt.Errorf("a login of %d bytes", r.ContentLength)
	}
	s := e.scratch.Get().(*scratch)
	s.in = slices.Grow(s.in[:0], int(r.ContentLength))[:r.ContentLength]
	if _, err := io.ReadFull(r.Body, s.in); err != nil {
		return err
	}
	if err := e.enrich(s); err != nil {
		return err
	}
	r.Body.Close()
	body := &body{free: func() { e.scratch.Put(s) }}
	body.Reset(s.out)
	r.Body = body
	r.ContentLength = int64(len(s.out))
	r.Header["Content-Length"] = []string{strconv.Itoa(len(s.out))}
	return nil
}

// A body is the body for the client. Close frees its memory.
type body struct {
	bytes.Reader
	free func()
}

func (b *body) Close() error {
	if b.free != nil {
		b.free()
		b.free = nil
	}
	return nil
}

// enrich writes s.in with the enriched token to s.out.
func (e *enricher) enrich(s *scratch) error {
	member := gjson.GetBytes(s.in, "access_token")
	if member.Type != gjson.String || member.Index == 0 {
		return errToken
	}
	start, end := member.Index+1, member.Index+len(member.Raw)-1 // within the quotes
	subject, err := e.check(s, s.in[start:end])
	if err != nil {
		return err
	}
	document, ok := e.documents.Get(subject)
	if !ok {
		return fmt.Errorf("no document of user %q", subject)
	}
	s.claims = append(bytes.TrimRight(s.claims, "} \t\r\n"), `,"custom_data":`...)
	s.claims = append(append(s.claims, document...), '}')

	s.out = append(append(s.out[:0], s.in[:start]...), e.header...)
	s.out = base64url.AppendEncode(s.out, s.claims)
	if s.signature, err = e.sign(s.signature[:0], s.out[start:]); err != nil {
		return err
	}
	s.out = append(s.out, '.')
	s.out = base64url.AppendEncode(s.out, s.signature)
	s.out = append(s.out, s.in[end:]...)
	return nil
}

// check verifies a token, decodes its payload to s.claims, and returns its subject.
func (e *enricher) check(s *scratch, token []byte) (subject string, err error) {
	first, last := bytes.IndexByte(token, '.'), bytes.LastIndexByte(token, '.')
	if first < 0 || first == last {
		return "", errToken
	}
	if s.claims, err = base64url.AppendDecode(s.claims[:0], token[:first]); err != nil {
		return "", err
	}
	if gjson.GetBytes(s.claims, "alg").Str != e.algorithm {
		return "", errToken
	}
	if s.signature, err = base64url.AppendDecode(s.signature[:0], token[last+1:]); err != nil {
		return "", err
	}
	if !e.verify(token[:last], s.signature) {
		return "", errToken
	}
	if s.claims, err = base64url.AppendDecode(s.claims[:0], token[first+1:last]); err != nil {
		return "", err
	}
	return e.checkClaims(s.claims)
}

// checkClaims checks issuer and times, and that there is no document yet.
func (e *enricher) checkClaims(claims []byte) (subject string, err error) {
	if !gjson.ValidBytes(claims) {
		return "", errToken
	}
	now := float64(time.Now().Unix())
	var issuer string
	var expires, notBefore float64
	enriched := false
	gjson.ParseBytes(claims).ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "sub":
			subject = value.Str
		case "iss":
			issuer = value.Str
		case "exp":
			expires = value.Num
		case "nbf":
			notBefore = value.Num
		case "custom_data":
			enriched = true
		}
		return true
	})
	if subject == "" || issuer != fixture.Issuer || now >= expires || now < notBefore || enriched {
		return "", errToken
	}
	return subject, nil
}
