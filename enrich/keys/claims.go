package keys

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// claims shows a token's registered claims to the validator of golang-jwt. A
// claim of the wrong type is an error of its getter.
type claims struct{ *enrich.Token }

var _ jwt.Claims = claims{}

func (c claims) date(name string) (*jwt.NumericDate, error) {
	if c.Claim(name) == nil {
		return nil, nil
	}
	date, ok := c.Date(name)
	if !ok {
		return nil, fmt.Errorf("%s is no number", name)
	}
	return &jwt.NumericDate{Time: date}, nil
}

func (c claims) text(name string) (string, error) {
	value := c.Claim(name)
	if value == nil {
		return "", nil
	}
	text, ok := jsonedit.Unquote(value)
	if !ok {
		return "", fmt.Errorf("%s is no string", name)
	}
	return text, nil
}

// GetExpirationTime and the methods that follow implement [jwt.Claims].
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.date("exp") }
func (c claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.date("iat") }
func (c claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.date("nbf") }
func (c claims) GetIssuer() (string, error)                   { return c.text("iss") }
func (c claims) GetSubject() (string, error)                  { return c.text("sub") }

func (c claims) GetAudience() (jwt.ClaimStrings, error) {
	value := c.Claim("aud")
	if value == nil {
		return nil, nil
	}
	var audience jwt.ClaimStrings
	if err := json.Unmarshal(value, &audience); err != nil {
		return nil, errors.New("aud is neither a string nor strings")
	}
	return audience, nil
}

// timeError sorts the validator's errors into ours.
func timeError(err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return fmt.Errorf("%w: expired", enrich.ErrTime)
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return fmt.Errorf("%w: not valid yet", enrich.ErrTime)
	}
	return fmt.Errorf("%w: %w", enrich.ErrBadToken, err)
}
