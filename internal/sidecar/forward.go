package sidecar

import (
	"encoding/json"
	"fmt"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/userheaders"
	"github.com/tokengraft/tokengraft/proxy"
)

// openForwards returns the headers about users that the backend gets. The error is a
// [config.FieldError].
func openForwards(cfg *config.Config, tokens userheaders.Tokens, o Options) ([]proxy.Forward, error) {
	if len(cfg.Forward) == 0 {
		return nil, nil
	}
	values, err := readAppValues(cfg)
	if err != nil {
		return nil, err
	}
	var forwards []proxy.Forward
	for i, f := range cfg.Forward {
		forward, err := openForward(f, values, tokens, o)
		if err != nil {
			return nil, cfg.Fault(fmt.Sprintf("forward[%d]", i), err)
		}
		forwards = append(forwards, forward)
	}
	return forwards, nil
}

func openForward(f config.Forward, values appValues, tokens userheaders.Tokens, o Options) (proxy.Forward, error) {
	var allow *expression.Expression
	if f.Allow != "" {
		var err error
		if allow, err = f.Allow.Parse(); err != nil {
			return proxy.Forward{}, err
		}
	}
	headers, err := userheaders.New(userheaders.Options{
		Token: f.Token, Headers: f.Headers, Allow: allow,
		Values: values.values, Environment: values.environment,
		Tokens: tokens, User: sessionUser, Meter: o.Meter, Logger: o.Logger,
	})
	if err != nil {
		return proxy.Forward{}, err
	}
	return proxy.Forward{Pattern: f.Match, Names: headers.Names(), Restricted: allow != nil, Headers: headers.Of}, nil
}

// sessionUser returns the user object of a session, with the document in its token.
func sessionUser(s enrich.Session) json.RawMessage {
	return hooks.UserObject(enrich.SignIn{User: s.User, Claims: []json.RawMessage{s.Claims}, Document: s.Document})
}
