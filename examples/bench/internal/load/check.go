package load

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// A Check returns an error if a response body with status 200 is not right for a user.
type Check func(user int, body []byte) error

// Enriched returns a check of the response to a login: the token has the key's
// signature, the user as its subject and their document of a size (see
// fixture.Document) as custom_data, with or without the _id of MongoDB; the rest of the response is still there.
func Enriched(key fixture.Key, size int) Check {
	return func(user int, body []byte) error {
		claims, err := login(key, body)
		if err != nil {
			return err
		}
		if claims.Subject != fixture.UserID(user) {
			return fmt.Errorf("sub is %q", claims.Subject)
		}
		delete(claims.CustomData, "_id")
		var document map[string]any
		if err := json.Unmarshal(fixture.Document(user, size), &document); err != nil {
			return err
		}
		if !reflect.DeepEqual(claims.CustomData, document) {
			return fmt.Errorf("custom_data is %v, want %v", claims.CustomData, document)
		}
		return nil
	}
}

// Untouched returns a check of the response to a login that was not enriched: the
// backend's key has signed the token.
func Untouched(key fixture.Key) Check {
	return func(user int, body []byte) error {
		claims, err := login(key, body)
		if err == nil && (claims.Subject != fixture.UserID(user) || claims.CustomData != nil) {
			err = fmt.Errorf("sub is %q and custom_data %v", claims.Subject, claims.CustomData)
		}
		return err
	}
}

// Length returns a check of the length of a body.
func Length(n int) Check {
	return func(_ int, body []byte) error {
		if len(body) != n {
			return fmt.Errorf("%d bytes, want %d", len(body), n)
		}
		return nil
	}
}

// claims are the claims that a check looks at.
type claims struct {
	fixture.Claims
	CustomData map[string]any `json:"custom_data"`
}

// login returns the claims of the token in the response to a login.
func login(key fixture.Key, body []byte) (c claims, err error) {
	var response struct {
		Token   string `json:"access_token"`
		Type    string `json:"token_type"`
		Expires int    `json:"expires_in"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return c, fmt.Errorf("%w: %.80q", err, body)
	}
	if response.Type == "" || response.Expires == 0 || response.Refresh == "" {
		return c, fmt.Errorf("the response has lost a member: %.80q", body)
	}
	payload, err := key.Verify(response.Token)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(payload, &c)
}
