package main

import (
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/token/jwt"
)

// A session has the claims of both kinds of tokens.
type session struct {
	*openid.DefaultSession
	Access *jwt.JWTClaims
}

func newSession(user string) *session {
	header := &jwt.Headers{Extra: map[string]any{"kid": keyID}}
	return &session{
		DefaultSession: &openid.DefaultSession{
			Claims: &jwt.IDTokenClaims{Subject: user, RequestedAt: time.Now().UTC()}, Headers: header, Subject: user,
		},
		Access: &jwt.JWTClaims{Subject: user},
	}
}

func (s *session) GetJWTClaims() jwt.JWTClaimsContainer { return s.Access }
func (s *session) GetJWTHeader() *jwt.Headers           { return s.Headers }

// Clone implements fosite.Session. The embedded Clone would lose the claims of the
// access token.
func (s *session) Clone() fosite.Session {
	access := *s.Access
	return &session{DefaultSession: s.DefaultSession.Clone().(*openid.DefaultSession), Access: &access}
}
