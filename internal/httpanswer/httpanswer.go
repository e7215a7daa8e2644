// Package httpanswer judges the answers to requests that the sidecar itself sends, and
// says which setting can help if an answer cannot be used.
package httpanswer

import (
	"fmt"
	"net/http"
	"net/url"
)

// An Error says why an answer cannot be used, and what to do about it.
type Error struct {
	// Err says what happened.
	Err error
	// Setting is the setting of the sidecar that can help, or "".
	Setting string
	// Advice says what to do, as the end of a sentence.
	Advice string
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() + "; " + e.Advice }

// Unwrap returns the error without the advice.
func (e *Error) Unwrap() error { return e.Err }

// Check returns nil if the answer is 200. Its error is an [Error] if the server may have
// refused the request because it does not use https.
func Check(response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("the server answered %s instead of 200", response.Status)
	if r := response.Request; r != nil && r.Header.Get("X-Forwarded-Proto") == "http" && refusesHTTP(response) {
		return WantsHTTPS(err, "http")
	}
	return err
}

// refusesHTTP reports whether an answer can be one for requests without https. Servers
// send 400 (such as Authelia), 403, 421 or 426 then, or a redirect (such as Django).
func refusesHTTP(response *http.Response) bool {
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusUpgradeRequired:
		return true
	}
	location, err := url.Parse(response.Header.Get("Location"))
	return response.StatusCode/100 == 3 && err == nil && location.Scheme == "https"
}

// WantsHTTPS returns err with advice for a server that refuses requests without https.
// proto is the X-Forwarded-Proto that it got.
func WantsHTTPS(err error, proto string) error {
	if proto == "https" {
		return &Error{err, "", "X-Forwarded-Proto is https, so configure the backend to trust this header of the sidecar"}
	}
	return &Error{err, "public_url", "it may refuse requests of clients without https. If clients use https, set their address, as public_url: https://…"}
}
